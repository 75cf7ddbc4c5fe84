import { expect, test } from 'vitest';
import { DAY, HOUR, memoryCache } from '../open-cache.ts';

test('outcomes never create a peer', async () => {
  const { cache } = await memoryCache();
  expect(cache.recordSuccess('nobody', { rttMs: 3 })).toBe(false);
  expect(cache.recordFailure('nobody')).toBe(false);
  expect(cache.recordOutcome('nobody', { ok: true })).toBe(false);
  expect(cache.size).toBe(0);
});

test('each failure in a row doubles the rest, a success ends it', async () => {
  const { cache, clock } = await memoryCache({ model: { backoffBaseMs: HOUR, backoffMaxMs: 10 * HOUR } });
  cache.add('a', ['198.51.100.1:1']);
  const rests = [];
  for (let failure = 0; failure < 6; failure++) {
    cache.recordFailure('a', { reason: 'timeout' });
    rests.push((cache.get('a')!.retryAt! - clock.now()) / HOUR);
  }
  expect(rests).toEqual([1, 2, 4, 8, 10, 10]);
  expect(cache.get('a')!.lastFailureReason).toBe('timeout');
  cache.recordSuccess('a');
  expect(cache.get('a')).toMatchObject({ retryAt: undefined, lastFailureReason: undefined });
  cache.recordFailure('a');
  expect(cache.get('a')!.retryAt! - clock.now()).toBe(HOUR);
});

test('a clock set back does not keep a peer away for years', async () => {
  const { cache, clock } = await memoryCache({ epsilon: 0 });
  clock.stepWallClock(400 * DAY);
  cache.add('a', ['198.51.100.1:1']);
  cache.add('b', ['203.0.113.1:1']);
  cache.recordFailure('a');
  clock.stepWallClock(-400 * DAY);
  expect(cache.get('a')!.retryAt).toBeUndefined();
  expect(cache.get('a')!.lastAttemptAt).toBe(clock.now());
  expect(cache.selectPeers(2)).toHaveLength(2);
});

test('round trips that cannot be are the caller\'s mistake', async () => {
  const { cache } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  for (const rttMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 86_400_001]) expect(() => cache.recordSuccess('a', { rttMs })).toThrow(TypeError);
  expect(cache.get('a')!.stats.successes).toBe(0);
});

test('an inbound connection proves life and claims, nothing more', async () => {
  const { cache, clock } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  await clock.advance(DAY);
  cache.recordSuccess('a', { direction: 'inbound', capabilities: { relay: true }, address: '203.0.113.5:4000' });
  const peer = cache.get('a')!;
  expect(peer).toMatchObject({ lastSeenAt: clock.now(), lastSuccessAt: undefined, claimed: { relay: true }, observed: {}, reachable: [] });
  expect(peer.addresses).toEqual(['198.51.100.1:1']);
  expect(peer.stats.successes).toBe(0);
});

test('the address that answered comes first, and two families that answered prove dual-stack', async () => {
  const { cache, clock } = await memoryCache();
  cache.add('a', ['198.51.100.1:1', '[2001:db8::1]:1', '198.51.100.2:1']);
  cache.recordSuccess('a', { address: '198.51.100.2:1' });
  expect(cache.get('a')!.addresses[0]).toBe('198.51.100.2:1');
  expect(cache.get('a')!.reachable).toEqual([{ address: '198.51.100.2:1', scope: 'global', verifiedAt: clock.now() }]);
  expect(cache.get('a')!.observed.dualStack).toBeUndefined();
  cache.observeReachability('a', '[2001:db8::1]:1', 'global');
  expect(cache.get('a')!.observed.dualStack).toBe(true);
  await clock.advance(8 * DAY);
  expect(cache.get('a')!.reachable).toEqual([]);
});

test('a local proof is not a global one', async () => {
  const { cache } = await memoryCache();
  expect(cache.observeReachability('a', '192.168.1.4:4127', 'local')).toBe(true);
  expect(cache.get('a')!.reachable[0]).toMatchObject({ scope: 'local' });
  expect(cache.get('a')!.source).toBe('connection');
  expect(cache.observeReachability('b', 'bad address', 'global')).toBe(false);
  expect(cache.has('b')).toBe(false);
});
