import { SeededRandom } from '@p2p/testkit';
import { describe, expect, test } from 'vitest';
import { drawBeta } from '../../src/beta-draw.ts';
import type { BootstrapCache } from '../../src/index.ts';
import { chiSquaredRatio } from '../chi-squared.ts';
import { DAY, lonelyAddress, memoryCache } from '../open-cache.ts';

const ROUNDS = 20_000;

/** `good` proven peers of different quality, and others nobody has tried, each in a network of its own. */
async function mixedCache(epsilon: number, good: number, untested: number, failed: number = 0): Promise<BootstrapCache> {
  const { cache, clock } = await memoryCache({ epsilon });
  for (let index = 0; index < good; index++) {
    cache.add(`good-${index}`, [lonelyAddress(index)]);
    for (let dial = 0; dial <= index; dial++) cache.recordSuccess(`good-${index}`, { rttMs: 10 });
  }
  for (let index = 0; index < failed; index++) {
    cache.add(`failed-${index}`, [lonelyAddress(200 + index)]);
    cache.recordFailure(`failed-${index}`);
  }
  await clock.advance(DAY);
  for (let index = 0; index < good; index++) cache.recordSuccess(`good-${index}`, { rttMs: 10 });
  for (let index = 0; index < untested; index++) cache.add(`new-${index}`, [lonelyAddress(100 + index)]);
  return cache;
}

describe('epsilon-greedy', () => {
  test.each([0.1, 0.5])('each slot explores with probability %d, wherever it is', async (epsilon) => {
    const cache = await mixedCache(epsilon, 20, 20);
    const perSlot = Array.from({ length: 10 }, () => 0);
    const perNumber = Array.from({ length: 11 }, () => 0);
    for (let round = 0; round < ROUNDS; round++) {
      let explored = 0;
      for (const [slot, { id }] of cache.selectPeers(10).entries()) {
        if (!id.startsWith('new')) continue;
        perSlot[slot]! += 1;
        explored += 1;
      }
      perNumber[explored]! += 1;
    }
    expect(chiSquaredRatio([...perSlot, 10 * ROUNDS - sum(perSlot)], [...perSlot.map(() => epsilon * ROUNDS), 10 * (1 - epsilon) * ROUNDS])).toBeLessThan(1);
    // Independent draws: the number of explorations is binomial. Rare numbers are counted together.
    const binomial = perNumber.map((_, k) => choose(10, k) * epsilon ** k * (1 - epsilon) ** (10 - k) * ROUNDS);
    const [counts, expected] = pooled(perNumber, binomial);
    expect(chiSquaredRatio(counts, expected)).toBeLessThan(1);
  });

  test('a single slot explores no more often than epsilon', async () => {
    const cache = await mixedCache(0.1, 10, 10);
    let best = 0;
    for (let round = 0; round < ROUNDS; round++) if (cache.selectPeers(1)[0]!.id === 'good-9') best += 1;
    expect(chiSquaredRatio([best, ROUNDS - best], [0.9 * ROUNDS, 0.1 * ROUNDS])).toBeLessThan(1);
  });

  test('slots that do not explore take the best that are left, in order', async () => {
    const cache = await mixedCache(0.3, 20, 20);
    for (let round = 0; round < 500; round++) {
      const exploited = cache.selectPeers(10).filter(({ id }) => id.startsWith('good'));
      expect(exploited.map(({ id }) => id)).toEqual(exploited.map((_, index) => `good-${19 - index}`));
    }
  });

  test('explorations go to untested peers four times of five, else to failed ones that have rested, and evenly among equals', async () => {
    const cache = await mixedCache(1, 5, 10, 10);
    const counts = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const { id } = cache.selectPeers(1)[0]!;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const untested = Array.from({ length: 10 }, (_, index) => counts.get(`new-${index}`) ?? 0);
    const failed = Array.from({ length: 10 }, (_, index) => counts.get(`failed-${index}`) ?? 0);
    expect(chiSquaredRatio([sum(untested), sum(failed)], [0.8 * ROUNDS, 0.2 * ROUNDS])).toBeLessThan(1);
    expect(chiSquaredRatio(untested, untested.map(() => sum(untested) / 10))).toBeLessThan(1);
    expect(chiSquaredRatio(failed, failed.map(() => sum(failed) / 10))).toBeLessThan(1);
  });

  test('epsilon 0 is best-first', async () => {
    const cache = await mixedCache(0, 20, 20);
    expect(cache.selectPeers(30)).toEqual(cache.selectPeers(30, { strategy: 'best-first' }));
  });

  test('a flood from one network gets few of the explorations', async () => {
    const cache = await mixedCache(1, 0, 30);
    for (let index = 0; index < 32; index++) cache.add(`sybil-${index}`, [`100.7.7.${index}:1`], { claims: { relay: true, natType: 'none' } });
    let sybils = 0;
    for (let round = 0; round < 1000; round++) if (cache.selectPeers(1)[0]!.id.startsWith('sybil')) sybils += 1;
    expect(sybils).toBeLessThan(20);
  });
});

test('random: every peer is as likely in every slot', async () => {
  const cache = await mixedCache(0.1, 10, 10);
  const counts = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [slot, { id }] of cache.selectPeers(3, { strategy: 'random' }).entries()) counts.set(`${slot} ${id}`, (counts.get(`${slot} ${id}`) ?? 0) + 1);
  }
  for (const slot of [0, 1, 2]) {
    const ofSlot = [...cache.all()].map(({ id }) => counts.get(`${slot} ${id}`) ?? 0);
    expect(chiSquaredRatio(ofSlot, ofSlot.map(() => ROUNDS / 20))).toBeLessThan(1);
  }
});

test('best-first never varies', async () => {
  const cache = await mixedCache(0.5, 10, 10);
  const first = cache.selectPeers(10, { strategy: 'best-first' }).map(({ id }) => id);
  for (let round = 0; round < 100; round++) expect(cache.selectPeers(10, { strategy: 'best-first' }).map(({ id }) => id)).toEqual(first);
});

test('thompson: a peer is picked as often as its posterior is the largest', async () => {
  const { cache } = await memoryCache({ weights: { success: 1, rtt: 0, freshness: 0, capabilities: 0 } });
  const histories = [[3, 1], [1, 0], [6, 4]] as const;
  for (const [index, [successes, failures]] of histories.entries()) {
    cache.add(`peer-${index}`, [lonelyAddress(index)]);
    for (let dial = 0; dial < failures; dial++) cache.recordFailure(`peer-${index}`);
    for (let dial = 0; dial < successes; dial++) cache.recordSuccess(`peer-${index}`);
  }
  const picks = [0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) picks[Number(cache.selectPeers(1, { strategy: 'thompson' })[0]!.id.slice(5))]! += 1;
  // The probabilities by numerical integration of the three Beta densities, priors 0.5 and 1.5.
  const expected = winProbabilities(histories.map(([successes, failures]) => [successes + 0.5, failures + 1.5])).map((share) => share * ROUNDS);
  expect(chiSquaredRatio(picks, expected)).toBeLessThan(1);
});

test.each([[0.5, 1.5], [1, 1], [5.5, 2.5], [60.5, 4.5]])('draws from Beta(%d, %d) have its distribution', (a, b) => {
  const random = new SeededRandom(`beta-${a}-${b}`);
  const bins = 20;
  const counts = Array.from({ length: bins }, () => 0);
  for (let round = 0; round < ROUNDS; round++) counts[Math.min(bins - 1, Math.floor(drawBeta(random, a, b) * bins))]! += 1;
  const cumulative = betaCumulative(a, b);
  const expected = counts.map((_, bin) => (cumulative((bin + 1) / bins) - cumulative(bin / bins)) * ROUNDS);
  const [pooledCounts, pooledExpected] = pooled(counts, expected);
  expect(chiSquaredRatio(pooledCounts, pooledExpected)).toBeLessThan(1);
});

const STEPS = 200_000;

/** The cumulative distribution by summing the density; x = s³ tames the pole at 0 that shapes below 1 have. */
function betaCumulative(a: number, b: number): (x: number) => number {
  const table = new Float64Array(STEPS + 1);
  for (let step = 0; step < STEPS; step++) {
    const s = (step + 0.5) / STEPS;
    table[step + 1] = table[step]! + s ** (3 * (a - 1)) * (1 - s ** 3) ** (b - 1) * s * s;
  }
  return (x) => table[Math.round(Math.cbrt(x) * STEPS)]! / table[STEPS]!;
}

function winProbabilities(shapes: readonly (readonly number[])[]): number[] {
  const cumulatives = shapes.map(([a, b]) => betaCumulative(a!, b!));
  const steps = 5000;
  return cumulatives.map((own, index) => {
    let probability = 0;
    for (let step = 0; step < steps; step++) {
      const density = own((step + 1) / steps) - own(step / steps);
      probability += density * cumulatives.reduce((product, other, at) => (at === index ? product : product * other((step + 0.5) / steps)), 1);
    }
    return probability;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function choose(n: number, k: number): number {
  let result = 1;
  for (let at = 1; at <= k; at++) result = (result * (n - k + at)) / at;
  return result;
}

/** Joins classes with fewer than ten expected to their neighbour, as Pearson's test needs it. */
function pooled(counts: readonly number[], expected: readonly number[]): [number[], number[]] {
  const outCounts: number[] = [];
  const outExpected: number[] = [];
  let count = 0;
  let mass = 0;
  for (const [index, value] of counts.entries()) {
    count += value;
    mass += expected[index]!;
    if (mass < 10) continue;
    outCounts.push(count);
    outExpected.push(mass);
    count = mass = 0;
  }
  outCounts[outCounts.length - 1]! += count;
  outExpected[outExpected.length - 1]! += mass;
  return [outCounts, outExpected];
}
