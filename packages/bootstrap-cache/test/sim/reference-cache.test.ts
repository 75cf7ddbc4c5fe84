import { SeededRandom } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { ReferenceCache } from '../../sim/reference-cache.ts';
import type { SimPeer } from '../../sim/world.ts';
import { DAY, HOUR } from '../open-cache.ts';

// What ant-quic's source does (v0.27.44) and a model of it must not be kinder about.
const NOW = Date.UTC(2026, 0, 1);
const NOBODY: ReadonlySet<string> = new Set();

function peer(id: string): SimPeer {
  return { id, address: '198.51.100.1:1', kind: 'desktop', nat: 'none', claims: {}, rttMs: 50, bornAt: NOW, diesAt: NOW + 90 * DAY, toggles: new Float64Array(0) };
}

function reference(maxPeers = 100): ReferenceCache {
  return new ReferenceCache(maxPeers, new SeededRandom('reference'));
}

test('hearsay does not keep a peer it knows from going stale, an accepted connection does', () => {
  const cache = reference();
  for (const id of ['hearsay', 'caller']) cache.hear(peer(id), 'gossip', NOW);
  cache.hear(peer('hearsay'), 'gossip', NOW + 6 * DAY);
  cache.hear(peer('caller'), 'connection', NOW + 6 * DAY);
  cache.start(NOW + 8 * DAY);
  expect(cache.select(9, NOBODY, NOW + 8 * DAY)).toEqual(['caller']);
});

test('an accepted connection counts as a success of a dial', () => {
  const cache = reference();
  cache.hear(peer('caller'), 'connection', NOW);
  cache.hear(peer('dialled'), 'gossip', NOW);
  cache.outcome(peer('dialled'), true, 600, NOW);
  cache.hear(peer('untested'), 'gossip', NOW);
  // 1 of 1 without a round trip before 1 of 1 at 600 ms before untested.
  expect(cache.select(20, NOBODY, NOW).slice(0, 2)).toEqual(['caller', 'dialled']);
});

test('eviction goes by the scores that were computed last: a newcomer has 0.5 until then', () => {
  const cache = reference(40);
  for (let index = 0; index < 40; index++) {
    cache.hear(peer(`old-${index}`), 'gossip', NOW);
    // 0.4 * 0 + 0.25 * 0.5 + 0.15: below 0.5.
    if (index < 2) cache.outcome(peer(`old-${index}`), false, 0, NOW);
  }
  cache.hear(peer('new'), 'gossip', NOW + HOUR);
  const left = cache.select(60, NOBODY, NOW + HOUR);
  expect(left).toHaveLength(39);
  expect(left).not.toContain('old-0');
  expect(left).not.toContain('old-1');
});

test('a clock that was ahead, or more than seven days off, empties it at the start', () => {
  for (const later of [-HOUR, 7 * DAY + HOUR]) {
    const cache = reference();
    cache.hear(peer('a'), 'gossip', NOW);
    cache.start(NOW + later);
    expect(cache.select(9, NOBODY, NOW + later)).toEqual([]);
  }
});
