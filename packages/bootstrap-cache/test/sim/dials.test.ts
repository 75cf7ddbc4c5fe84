import { expect, test } from 'vitest';
import { ORACLE, ours, REFERENCE } from '../../sim/contestant.ts';
import { play, playSeeds } from '../../sim/play.ts';
import { interval, ratioInterval } from '../../sim/statistics.ts';
import { isOnline, makeTrace } from '../../sim/world.ts';

// The short form; `pnpm sim` plays twenty seeds and more contestants.
const SEEDS = ['test-0', 'test-1', 'test-2', 'test-3'];
const GREEDY = ours('epsilon-greedy', { strategy: 'epsilon-greedy' });
const BEST = ours('best-first', { strategy: 'best-first' });

test('under a Sybil flood it fails less than a fifth as often as the reference', async () => {
  const [greedy, reference] = [await playSeeds(GREEDY, SEEDS, true), await playSeeds(REFERENCE, SEEDS, true)];
  expect(ratioInterval(greedy, reference).ratio, `seeds ${SEEDS.join()}`).toBeLessThan(0.2);
}, 60_000);

test('without a flood it is no worse than the reference although it explores, and best-first is better', async () => {
  const [greedy, best, reference] = [await playSeeds(GREEDY, SEEDS, false), await playSeeds(BEST, SEEDS, false), await playSeeds(REFERENCE, SEEDS, false)];
  expect(ratioInterval(greedy, reference).ratio, `seeds ${SEEDS.join()}`).toBeLessThan(1.15);
  expect(ratioInterval(best, reference).ratio).toBeLessThan(0.9);
  // Chance alone fails some twenty times as often: the trace is no walkover.
  expect(interval(await playSeeds(ours('random', { strategy: 'random' }), SEEDS.slice(0, 2), false)).mean).toBeGreaterThan(10 * interval(greedy).mean);
}, 60_000);

test('the oracle hardly fails, so the trace can be won', async () => {
  expect(interval(await playSeeds(ORACLE, SEEDS.slice(0, 2), false)).mean).toBeLessThan(0.2);
}, 60_000);

test('the same seed plays the same month', async () => {
  const [one, two] = [await play(GREEDY, makeTrace('again', true)), await play(GREEDY, makeTrace('again', true))];
  expect(one).toEqual(two);
  expect(one.failed.length).toBeGreaterThan(20);
  expect(await play(GREEDY, makeTrace('other', true))).not.toEqual(one);
});

test('the simulated world is what it says', () => {
  const trace = makeTrace('world', true);
  const { at } = trace.events[100]!;
  const online = trace.peers.filter((peer) => isOnline(peer, at));
  expect(online.length).toBeGreaterThan(200);
  expect(online.length).toBeLessThan(900);
  for (const peer of online) expect(peer.bornAt <= at && peer.diesAt > at).toBe(true);
  expect(trace.events.some((event) => event.type === 'gossip' && event.peers.some(({ kind }) => kind === 'sybil'))).toBe(true);
});
