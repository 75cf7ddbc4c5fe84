import { distance } from '@p2p/dave-wire';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { closestPeers } from '../../src/core/peers/closest-peers.ts';
import { PeerRecord } from '../../src/core/peers/peer-record.ts';

function record(id: bigint, port: number, client: boolean): PeerRecord {
  const publicKey = new Uint8Array(32);
  new DataView(publicKey.buffer).setBigUint64(0, id, true);
  const made = new PeerRecord({ address: '192.0.2.1', port }, { firstSeenMs: 0, pingIntervalMs: 1000, onDue: () => {} });
  made.setKey(publicKey);
  if (client) made.hear({ putAck: true, directedDiscovery: false, client: true, protocolVersion: 1 }, 0);
  return made;
}

const id = fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 2n ** 32n - 8n, max: 2n ** 32n + 8n }), fc.bigInt({ min: 2n ** 64n - 9n, max: 2n ** 64n - 1n }));

test('the closest peers are those that sorting all by XOR distance gives, without clients', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 60 }), id, fc.nat(8), fc.nat(3), (ids, target, limit, clientEvery) => {
      const records = ids.map((value, index) => record(value, index + 1, clientEvery > 0 && index % (clientEvery + 1) === 0));
      const expected = records
        .filter(({ client }) => !client)
        .sort((a, b) => (distance(a.id, target) < distance(b.id, target) ? -1 : 1))
        .slice(0, limit);
      expect(closestPeers(records, target, limit).map((peer) => peer.id)).toEqual(expected.map((peer) => peer.id));
    }),
  );
});
