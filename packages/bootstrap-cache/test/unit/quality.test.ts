import { expect, test } from 'vitest';
import type { BootstrapCache } from '../../src/index.ts';
import { DAY, HOUR, memoryCache } from '../open-cache.ts';

function dials(cache: BootstrapCache, id: string, successes: number, failures: number, rttMs?: number): void {
  for (let at = 0; at < failures; at++) cache.recordFailure(id);
  for (let at = 0; at < successes; at++) cache.recordSuccess(id, { rttMs });
}

test('99 of 100 beats 1 of 1', async () => {
  const { cache } = await memoryCache();
  cache.add('long', ['198.51.100.1:1']);
  cache.add('short', ['203.0.113.1:1']);
  dials(cache, 'long', 99, 1, 50);
  dials(cache, 'short', 1, 0, 50);
  expect(cache.get('long')!.quality).toBeGreaterThan(cache.get('short')!.quality);
  expect(cache.get('short')!.qualityParts.success).toBeLessThan(0.7);
});

test('fifty fresh failures outweigh ten thousand old successes, and the peer stays behind one that nobody tried', async () => {
  const { cache } = await memoryCache();
  cache.add('fallen', ['198.51.100.1:1']);
  cache.add('untested', ['203.0.113.1:1']);
  dials(cache, 'fallen', 10_000, 0, 50);
  const before = cache.get('fallen')!;
  for (let at = 0; at < 50; at++) cache.recordFailure('fallen');
  const after = cache.get('fallen')!;
  expect(before.qualityParts.success).toBeGreaterThan(0.95);
  expect(after.qualityParts.success).toBeLessThan(0.1);
  expect(after.quality).toBeLessThan(before.quality - 0.35);
  expect(after.qualityParts.success).toBeLessThan(cache.get('untested')!.qualityParts.success);
  expect(after.stats).toMatchObject({ successes: 10_000, failures: 50, consecutiveFailures: 50 });
  // A success ends the run, not what it says about the peer.
  cache.recordSuccess('fallen');
  expect(cache.get('fallen')!.qualityParts.success).toBeLessThan(0.6);
  expect(cache.get('fallen')!.stats.recentSuccesses + cache.get('fallen')!.stats.recentFailures).toBeLessThan(64.001);
});

test('evidence fades by half in its half-life, and never to nothing', async () => {
  const { cache, clock } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  dials(cache, 'a', 8, 0);
  await clock.advance(7 * DAY);
  expect(cache.get('a')!.stats.recentSuccesses).toBeCloseTo(4, 6);
  await clock.advance(4000 * DAY);
  expect(cache.get('a')!.stats.recentSuccesses).toBeCloseTo(0.5, 6);
});

test('an unknown round trip is unknown and scores neutral; 0 ms is a round trip', async () => {
  const { cache } = await memoryCache();
  cache.add('unknown', ['198.51.100.1:1']);
  cache.add('near', ['203.0.113.1:1']);
  cache.recordSuccess('unknown');
  cache.recordSuccess('near', { rttMs: 0 });
  expect(cache.get('unknown')!.stats.rttMs).toBeUndefined();
  expect(cache.get('unknown')!.qualityParts.rtt).toBe(0.5);
  expect(cache.get('near')!.stats.rttMs).toBe(0);
  expect(cache.get('near')!.qualityParts.rtt).toBe(1);
});

test('round trips are averaged without the bias of whole numbers', async () => {
  const { cache } = await memoryCache();
  for (const [id, first, then] of [['up', 100, 107], ['down', 114, 107]] as const) {
    cache.add(id, [id === 'up' ? '198.51.100.1:1' : '203.0.113.1:1']);
    dials(cache, id, 1, 0, first);
    dials(cache, id, 1000, 0, then);
    expect(cache.get(id)!.stats.rttMs).toBeCloseTo(107, 3);
  }
  expect(cache.get('up')!.stats).toMatchObject({ minRttMs: 100, maxRttMs: 107 });
});

test('freshness halves in a day, and a peer seen in the future counts as seen now', async () => {
  const { cache, clock } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  expect(cache.get('a')!.qualityParts.freshness).toBe(1);
  await clock.advance(DAY);
  expect(cache.get('a')!.qualityParts.freshness).toBeCloseTo(0.5, 9);
  cache.add('b', ['203.0.113.1:1']);
  clock.stepWallClock(-30 * DAY);
  expect(cache.get('b')!.qualityParts.freshness).toBe(1);
  // From then on it ages like the others.
  await clock.advance(DAY);
  expect(cache.get('b')!.qualityParts.freshness).toBeCloseTo(0.5, 9);
});

test('claims are worth half of what was observed, and symmetric translators nothing', async () => {
  const { cache, clock } = await memoryCache();
  const all = { relay: true, coordination: true, dualStack: true, natType: 'none' } as const;
  cache.add('claims', ['198.51.100.1:1'], { claims: all });
  cache.add('shows', ['203.0.113.1:1']);
  cache.add('symmetric', ['192.0.2.1:1'], { claims: { natType: 'symmetric' } });
  cache.add('unknown', ['198.18.0.1:1']);
  cache.recordSuccess('shows', { capabilities: all });
  expect(cache.get('shows')!.qualityParts.capabilities).toBeCloseTo(1, 9);
  expect(cache.get('claims')!.qualityParts.capabilities).toBeCloseTo(0.55, 9);
  expect(cache.get('symmetric')!.qualityParts.capabilities).toBeLessThan(cache.get('unknown')!.qualityParts.capabilities);
  expect(cache.get('claims')!.observed).toEqual({});
  // Observations expire, claims stay apart.
  await clock.advance(7 * DAY + 1);
  expect(cache.get('shows')!.capabilities).toEqual({});
  expect(cache.get('claims')!.capabilities).toEqual(all);
});

test('weights are normalised, and bad ones are refused', async () => {
  const { cache } = await memoryCache({ weights: { success: 4, rtt: 2.5, freshness: 1.5, capabilities: 2 } });
  const { cache: same } = await memoryCache();
  for (const one of [cache, same]) {
    one.add('a', ['198.51.100.1:1']);
    one.recordSuccess('a', { rttMs: 40 });
  }
  expect(cache.get('a')!.quality).toBeCloseTo(same.get('a')!.quality, 12);
  await expect(memoryCache({ weights: { success: 0, rtt: 0, freshness: 0, capabilities: 0 } })).rejects.toThrow(TypeError);
  await expect(memoryCache({ weights: { success: Number.NaN, rtt: 1, freshness: 1, capabilities: 1 } })).rejects.toThrow(/weights.success/);
});

// What the reference gives for the same histories, as measured on it.
test.each([
  ['untested, fresh', 0, 0, undefined, 0, 0.475],
  ['untested, 7 days', 0, 0, undefined, 7 * DAY, 0.326],
  ['1 of 1, no round trip', 1, 0, undefined, 0, 0.675],
  ['1 of 1 at 50 ms', 1, 0, 50, 0, 0.7875],
  ['99 of 100 at 50 ms, 24 h old', 99, 1, 50, 24 * HOUR, 0.709],
  ['99 of 100 at 50 ms, 7 days old', 99, 1, 50, 7 * DAY, 0.635],
  ['0 of 10, fresh', 0, 10, undefined, 0, 0.275],
  ['half at 300 ms, 7 days old', 50, 50, 300, 7 * DAY, 0.376],
])('the ant-quic formula: %s', async (_, successes, failures, rttMs, ageMs, expected) => {
  const { cache, clock } = await memoryCache({ scoring: 'ant-quic' });
  cache.add('a', ['198.51.100.1:1']);
  dials(cache, 'a', successes, failures, rttMs);
  await clock.advance(ageMs);
  expect(cache.get('a')!.quality).toBeCloseTo(expected, 3);
});

test('the ant-quic formula reaches 0.94 at most', async () => {
  const { cache } = await memoryCache({ scoring: 'ant-quic' });
  cache.add('a', ['198.51.100.1:1'], { claims: { relay: true, coordination: true, dualStack: true } });
  dials(cache, 'a', 10, 0, 1);
  expect(cache.get('a')!.quality).toBeCloseTo(0.94, 2);
});
