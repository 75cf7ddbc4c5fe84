import { expect, test } from 'vitest';
import { addPeers, DAY, lonelyAddress, memoryCache } from '../open-cache.ts';

test('the capacity holds on every way in', async () => {
  const { cache } = await memoryCache({ maxPeers: 10 });
  for (let index = 0; index < 100; index++) {
    cache.add(`a-${index}`, [lonelyAddress(index)]);
    cache.observeReachability(`b-${index}`, lonelyAddress(1000 + index), 'global');
    cache.addSeed(`c-${index}`, [lonelyAddress(2000 + index)]);
    cache.recordSuccess(`d-${index}`);
    expect(cache.size).toBeLessThanOrEqual(10);
  }
});

test('a peer keeps 8 addresses, and hearsay never pushes out a proven one', async () => {
  const { cache } = await memoryCache();
  const offered = Array.from({ length: 20 }, (_, index) => `198.51.100.${index + 1}:1`);
  const result = cache.add('a', offered);
  expect(result).toMatchObject({ ok: true, created: true });
  expect(result.refused).toHaveLength(12);
  expect(result.refused[0]).toEqual({ address: '198.51.100.9:1', reason: 'too-many-addresses' });
  expect(cache.get('a')!.addresses).toEqual(offered.slice(0, 8));
  for (const address of offered.slice(0, 8)) cache.observeReachability('a', address, 'global');
  expect(cache.add('a', ['203.0.113.1:1']).refused).toHaveLength(1);
  // Somebody who moved and whom we met gets in.
  expect(cache.add('a', ['203.0.113.1:1'], { source: 'connection' }).refused).toHaveLength(0);
  expect(cache.get('a')!.addresses).toHaveLength(8);
  expect(cache.get('a')!.addresses).toContain('203.0.113.1:1');
});

test('bad ids and addresses are refused one by one, each with a reason', async () => {
  const { cache } = await memoryCache();
  for (const id of ['', ' ', 'a b', 'x'.repeat(129), 'a\u0000', '\ud800', 'line\nbreak']) expect(cache.add(id, ['198.51.100.1:1'])).toMatchObject({ ok: false, reason: 'bad-id' });
  expect(cache.add('a', [])).toMatchObject({ ok: false, reason: 'no-address' });
  expect(cache.add('a', ['', 'x'.repeat(257)])).toMatchObject({ ok: false, reason: 'bad-address' });
  const mixed = cache.add('a', ['198.51.100.1:1', 'two words', '198.51.100.1:1']);
  expect(mixed).toEqual({ ok: true, created: true, refused: [{ address: 'two words', reason: 'bad-address' }] });
  expect(cache.add('emoji-😀', ['198.51.100.1:1']).ok).toBe(true);
  const { cache: strict } = await memoryCache({ acceptUnclassified: false });
  expect(strict.add('a', ['carrier-pigeon://roof'])).toMatchObject({ ok: false, reason: 'bad-address' });
});

test('a flood of new ids evicts neither seeds nor proven peers', async () => {
  const { cache, clock } = await memoryCache({ maxPeers: 500, minKeep: 20 });
  cache.addSeed('seed', ['198.51.100.1:1']);
  const proven = addPeers(cache, 200, 'proven');
  for (const id of proven) cache.recordSuccess(id, { rttMs: 900 });
  // Their scores are below a newcomer's by then: it is the proof that holds them.
  await clock.advance(20 * DAY);
  for (let index = 0; index < 20_000; index++) cache.add(`sybil-${index}`, [lonelyAddress(10_000 + index)], { claims: { relay: true, natType: 'none' } });
  expect(cache.size).toBe(500);
  expect(cache.has('seed')).toBe(true);
  expect(proven.filter((id) => !cache.has(id))).toEqual([]);
});

test('a flood from few networks does not take the place of peers from many', async () => {
  const { cache, clock } = await memoryCache({ maxPeers: 500 });
  const honest = addPeers(cache, 400, 'honest');
  await clock.advance(DAY);
  for (let index = 0; index < 20_000; index++) cache.add(`sybil-${index}`, [`100.${index % 20}.7.${index % 256}:${1024 + index}`]);
  expect(honest.filter((id) => cache.has(id)).length).toBeGreaterThan(390);
});

test('one network gets its share of unproven peers, private ranges have no limit', async () => {
  const { cache } = await memoryCache({ maxPerNetwork: 5 });
  const results = Array.from({ length: 50 }, (_, index) => cache.add(`a-${index}`, [`198.51.100.${index}:1`]));
  expect(cache.size).toBe(5);
  expect(results.at(-1)).toMatchObject({ ok: false, reason: 'network-full' });
  for (let index = 0; index < 50; index++) cache.add(`lan-${index}`, [`192.168.1.${index}:1`]);
  for (let index = 0; index < 50; index++) cache.add(`self-${index}`, [`127.0.0.1:${1024 + index}`]);
  expect(cache.size).toBe(105);
});

test('proof lapses 30 days after the last success, so a full cache does not close for ever', async () => {
  const { cache, clock } = await memoryCache({ maxPeers: 300, minKeep: 10 });
  const old = addPeers(cache, 300, 'old');
  for (const id of old) cache.recordSuccess(id);
  expect(cache.add('new', [lonelyAddress(5000)])).toMatchObject({ ok: false, reason: 'full' });
  await clock.advance(31 * DAY);
  for (const id of old.slice(0, 20)) cache.recordSuccess(id);
  expect(cache.add('new', [lonelyAddress(5000)])).toMatchObject({ ok: true });
  expect(cache.size).toBe(300);
  expect(old.slice(0, 20).every((id) => cache.has(id))).toBe(true);
});

test('when nearly nothing is proven, as under a wrong clock, peers that once answered stay until they fail', async () => {
  const { cache, clock } = await memoryCache({ maxPeers: 100 });
  const known = addPeers(cache, 100, 'known');
  for (const id of known) cache.recordSuccess(id);
  clock.stepWallClock(400 * DAY);
  for (let index = 0; index < 1000; index++) cache.add(`sybil-${index}`, [lonelyAddress(10_000 + index)]);
  expect(known.filter((id) => !cache.has(id))).toEqual([]);
  for (let failure = 0; failure < 3; failure++) for (const id of known.slice(0, 50)) cache.recordFailure(id);
  await clock.advance(61_000);
  for (let index = 0; index < 50; index++) cache.add(`late-${index}`, [lonelyAddress(20_000 + index)]);
  expect(known.slice(0, 50).filter((id) => cache.has(id))).toEqual([]);
  expect(known.slice(50).filter((id) => !cache.has(id))).toEqual([]);
});

test('adding a known peer again keeps its record', async () => {
  const { cache, clock } = await memoryCache();
  cache.addSeed('a', ['198.51.100.1:1']);
  cache.recordSuccess('a', { rttMs: 20 });
  await clock.advance(DAY);
  expect(cache.addSeed('a', ['198.51.100.2:1'])).toMatchObject({ ok: true, created: false });
  expect(cache.get('a')).toMatchObject({ isSeed: true, source: 'seed', addresses: ['198.51.100.1:1', '198.51.100.2:1'], stats: { successes: 1, rttMs: 20 } });
});

test('hearsay does not keep a peer fresh that was dialled', async () => {
  const { cache, clock } = await memoryCache();
  cache.add('dialled', ['198.51.100.1:1']);
  cache.add('heard', ['203.0.113.1:1']);
  cache.recordFailure('dialled');
  await clock.advance(DAY);
  cache.add('dialled', ['198.51.100.1:1']);
  cache.add('heard', ['203.0.113.1:1']);
  expect(cache.get('dialled')!.qualityParts.freshness).toBeCloseTo(0.5, 9);
  expect(cache.get('heard')!.qualityParts.freshness).toBe(1);
});

test('update changes a peer in one step, and a bad list changes nothing', async () => {
  const { cache } = await memoryCache();
  cache.add('a', ['198.51.100.1:1', '198.51.100.2:1']);
  cache.recordSuccess('a', { address: '198.51.100.2:1' });
  expect(cache.update('a', (peer) => ({ addresses: [...peer.addresses.slice(0, 1), '203.0.113.9:1'], claims: { relay: true }, isSeed: true }))).toBe(true);
  expect(cache.get('a')).toMatchObject({ addresses: ['198.51.100.2:1', '203.0.113.9:1'], claimed: { relay: true }, isSeed: true, stats: { successes: 1 } });
  expect(cache.update('a', () => ({ addresses: ['no good'] }))).toBe(false);
  expect(cache.get('a')!.addresses).toHaveLength(2);
  expect(cache.update('nobody', () => ({}))).toBe(false);
  expect(cache.remove('a')).toBe(true);
  expect(cache.remove('a')).toBe(false);
});
