import { SeededRandom } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { PeerRecord } from '../../../src/core/peers/peer-record.ts';
import { pongPeers } from '../../../src/core/peers/pong-peers.ts';

const ASKER = { address: { address: '203.0.113.1', port: 4127 }, id: 0n };

function records(count: number): PeerRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const record = new PeerRecord({ address: '192.0.2.1', port: index + 1 }, { firstSeenMs: 0, pingIntervalMs: 1000, onDue: () => {} });
    record.setKey(new SeededRandom(index).bytes(32));
    return record;
  });
}

function frequencies(active: PeerRecord[], rounds: number, weight: (port: number) => number): number[] {
  const random = new SeededRandom('naming');
  const named = active.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    const picked = pongPeers(active, ASKER, random, (peer) => weight(peer.address.port));
    for (const { port } of picked) named[port - 1]! += 1;
  }
  return named;
}

test('peers are named equally often', () => {
  const rounds = 4000;
  const named = frequencies(records(60), rounds, () => 1);
  const expected = (rounds * 12) / 60;
  // Chi-squared with 59 degrees of freedom: 1 in 10 000 is above 106.
  const chiSquared = named.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(chiSquared).toBeLessThan(106);
});

test('a peer of weight 0.25 is named about a quarter as often', () => {
  const named = frequencies(records(400), 4000, (port) => (port <= 200 ? 0.25 : 1));
  const low = named.slice(0, 200).reduce((sum, count) => sum + count, 0);
  const high = named.slice(200).reduce((sum, count) => sum + count, 0);
  expect(low / high).toBeGreaterThan(0.23);
  expect(low / high).toBeLessThan(0.28);
});

test('few peers are all named, and another address of the asker is not', () => {
  const active = records(12);
  const picked = pongPeers(active, { ...ASKER, id: active[3]!.id }, new SeededRandom('few'), () => 1);
  expect(picked.map(({ port }) => port)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]);
});
