import { SeededRandom } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { tournament } from '../../src/slot-streams.ts';
import { addPeers, DAY, HOUR, lonelyAddress, memoryCache } from '../open-cache.ts';

const DRAWS = 2000;

/** How often the first pick of a cache that always explores is this peer. */
function share(cache: Awaited<ReturnType<typeof memoryCache>>['cache'], id: string): number {
  let count = 0;
  for (let draw = 0; draw < DRAWS; draw++) if (cache.selectPeers(1)[0]!.id === id) count += 1;
  return count / DRAWS;
}

test('of untested peers the one that lasts is explored, not the one heard of a moment ago', async () => {
  const { cache, clock } = await memoryCache({ epsilon: 1 });
  cache.add('lasting', [lonelyAddress(1)]);
  await clock.advance(5 * DAY);
  cache.add('lasting', [lonelyAddress(1)]);
  await clock.advance(6 * HOUR);
  cache.add('new', [lonelyAddress(2)]);
  expect(share(cache, 'lasting')).toBe(1);
  // After a silence as long as that it is no longer likely to be there.
  await clock.advance(20 * DAY);
  cache.add('newer', [lonelyAddress(3)]);
  await clock.advance(HOUR);
  cache.add('newer', [lonelyAddress(3)]);
  expect(share(cache, 'newer')).toBe(1);
});

test('an easy translator and help on offer are preferred among peers of one age', async () => {
  const { cache } = await memoryCache({ epsilon: 1 });
  cache.add('symmetric', [lonelyAddress(1)], { claims: { natType: 'symmetric', relay: true } });
  cache.add('open', [lonelyAddress(2)], { claims: { natType: 'none' } });
  cache.add('unknown', [lonelyAddress(3)]);
  expect(share(cache, 'open')).toBe(1);
  cache.add('helper', [lonelyAddress(4)], { claims: { natType: 'none', relay: true } });
  expect(share(cache, 'helper')).toBe(1);
});

test('the most promising of many is found as often as it is among the 256 looked at', async () => {
  const { cache } = await memoryCache({ epsilon: 1 });
  addPeers(cache, 1024);
  cache.add('open', [lonelyAddress(5000)], { claims: { natType: 'none' } });
  // 256 of 1025, give or take four standard deviations.
  expect(share(cache, 'open')).toBeGreaterThan(0.25 - 0.04);
  expect(share(cache, 'open')).toBeLessThan(0.25 + 0.04);
});

test('a tournament looks at no slot twice, draws each as often, and hands out every slot once', () => {
  const random = new SeededRandom('tournament');
  const looks = new Uint32Array(60);
  for (let round = 0; round < 3000; round++) {
    const seen: number[] = [];
    tournament(Int32Array.from({ length: 60 }, (_, slot) => slot), random, 12, (slot) => (seen.push(slot), 0))();
    expect(new Set(seen).size).toBe(12);
    for (const slot of seen) looks[slot]! += 1;
  }
  // 600 expected, with a standard deviation of 22.
  expect(Math.min(...looks)).toBeGreaterThan(500);
  expect(Math.max(...looks)).toBeLessThan(700);
  const stream = tournament(Int32Array.from({ length: 60 }, (_, slot) => slot), random, 12, (slot) => slot);
  const order: number[] = [];
  for (let slot = stream(); slot !== undefined; slot = stream()) order.push(slot);
  expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, slot) => slot));
});
