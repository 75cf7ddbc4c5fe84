import { expect, test } from 'vitest';
import { INFORMED_EXPLORER, ORACLE, ours, REFERENCE } from '../../sim/contestant.ts';
import { play, playSeeds } from '../../sim/play.ts';
import { interval, ratioInterval } from '../../sim/statistics.ts';
import { isOnline, makeTrace, type WorldOptions } from '../../sim/world.ts';

// The short form; `pnpm sim` plays twenty seeds and more contestants.
const SEEDS = ['test-0', 'test-1', 'test-2', 'test-3'];
const GREEDY = ours('epsilon-greedy', { strategy: 'epsilon-greedy' });
const BEST = ours('best-first', { strategy: 'best-first' });
const CALM: WorldOptions = { churn: 'exponential', awayDays: 5, flood: false };
const FLOODED: WorldOptions = { ...CALM, flood: true };
const HEAVY_TAILED: WorldOptions = { churn: 'heavy-tailed', awayDays: 10, flood: false };

test('under a Sybil flood it fails less than a fifth as often as the reference', async () => {
  const [greedy, reference] = [await playSeeds(GREEDY, SEEDS, FLOODED), await playSeeds(REFERENCE, SEEDS, FLOODED)];
  expect(ratioInterval(greedy, reference).ratio, `seeds ${SEEDS.join()}`).toBeLessThan(0.2);
}, 60_000);

test.each([
  ['exponential churn', CALM],
  ['heavy-tailed churn and ten days away', HEAVY_TAILED],
])('without a flood it fails less than half as often as the reference although it explores: %s', async (_, world) => {
  const [greedy, best, reference] = [await playSeeds(GREEDY, SEEDS, world), await playSeeds(BEST, SEEDS, world), await playSeeds(REFERENCE, SEEDS, world)];
  expect(ratioInterval(greedy, reference).ratio, `seeds ${SEEDS.join()}`).toBeLessThan(0.5);
  expect(ratioInterval(best, reference).ratio).toBeLessThan(0.5);
}, 60_000);

test('chance alone fails some thirty times as often, and knowledge of how the world is made little less', async () => {
  const greedy = interval(await playSeeds(GREEDY, SEEDS, CALM)).mean;
  expect(interval(await playSeeds(ours('random', { strategy: 'random' }), SEEDS.slice(0, 2), CALM)).mean).toBeGreaterThan(10 * greedy);
  const bound = interval(await playSeeds(INFORMED_EXPLORER, SEEDS, CALM)).mean;
  expect(greedy).toBeLessThan(1.6 * bound);
  expect(bound).toBeLessThan(1.1 * greedy);
}, 60_000);

test('the oracle does not fail, so the trace can be won', async () => {
  expect(interval(await playSeeds(ORACLE, SEEDS.slice(0, 2), CALM)).mean).toBe(0);
}, 60_000);

test('the same seed plays the same month', async () => {
  const [one, two] = [await play(GREEDY, makeTrace('again', FLOODED)), await play(GREEDY, makeTrace('again', FLOODED))];
  expect(one).toEqual(two);
  expect(one.failed.length).toBeGreaterThan(20);
  expect(await play(GREEDY, makeTrace('other', FLOODED))).not.toEqual(one);
});

test('a start goes on until there are eight connections', async () => {
  const trace = makeTrace('again', CALM);
  // Knows nobody until the first hour is over, then dials whom it heard of.
  const heard: string[] = [];
  let mayDial = false;
  const { failed } = await play(
    {
      name: 'late',
      create: async () => ({
        hear: ({ id }) => void heard.push(id),
        select: (count, tried) => (mayDial ? heard.filter((id) => !tried.has(id)).slice(-count) : []),
        start: () => void (mayDial = false),
        outcome: () => undefined,
        maintain: () => void (mayDial = true),
      }),
    },
    trace,
  );
  expect(failed.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
});

test('the simulated world is what it says', () => {
  const trace = makeTrace('world', FLOODED);
  const { at } = trace.events[100]!;
  const online = trace.peers.filter((peer) => isOnline(peer, at));
  expect(online.length).toBeGreaterThan(200);
  expect(online.length).toBeLessThan(900);
  for (const peer of online) expect(peer.bornAt <= at && peer.diesAt > at).toBe(true);
  expect(trace.events.some((event) => event.type === 'gossip' && event.peers.some(({ kind }) => kind === 'sybil'))).toBe(true);
});

test.each(['exponential', 'heavy-tailed'] as const)('spans of %s churn have the means of their kind', (churn) => {
  const { peers } = makeTrace('spans', { ...CALM, churn });
  const flapping = peers.filter(({ kind, toggles }) => kind === 'flapping' && toggles.length > 40);
  const ups = flapping.flatMap(({ toggles }) => Array.from({ length: (toggles.length >> 1) - 1 }, (_, index) => toggles[2 * index + 1]! - toggles[2 * index]!)).toSorted((a, b) => a - b);
  expect(interval(ups).mean / (20 * 60_000)).toBeCloseTo(1, 1);
  // The median of an exponential is 0.69 of its mean, of a Weibull with shape 0.5 it is 0.24.
  expect(ups[ups.length >> 1]! / (20 * 60_000)).toBeCloseTo(churn === 'exponential' ? 0.69 : 0.24, 1);
});
