import { crc32 } from 'node:zlib';
import { SeededRandom, VirtualClock } from '@p2p/testkit';
import { expect, test, vi } from 'vitest';
import { encodeSection, frameFile, readFrame } from '../../src/file-format.ts';
import { BootstrapCache, type BootstrapCacheOptions, type CacheEvents } from '../../src/index.ts';
import { MemoryFileSystem, systemError } from '../memory-file-system.ts';
import { addPeers, DAY, lonelyAddress } from '../open-cache.ts';

const CURRENT = '/state/peers-default.cache';

/** A cache on a file system in memory, and what it reports. */
async function open(fs: MemoryFileSystem, options: BootstrapCacheOptions = {}): Promise<{ cache: BootstrapCache; quarantined: CacheEvents['quarantined'][] }> {
  const cache = await BootstrapCache.open({ dir: '/state', random: new SeededRandom('files'), ...options }, fs);
  const quarantined: CacheEvents['quarantined'][] = [];
  cache.on('quarantined', (event) => quarantined.push(event));
  await new Promise((resolve) => setImmediate(resolve));
  return { cache, quarantined };
}

const plain = (cache: BootstrapCache): unknown[] => [...cache.all()].toSorted((a, b) => (a.id < b.id ? -1 : 1));

test('what was saved is there after opening again, value for value', async () => {
  const fs = new MemoryFileSystem();
  const clock = new VirtualClock();
  const { cache } = await open(fs, { clock });
  addPeers(cache, 700);
  cache.add('0123456789abcdef', ['/ip4/203.0.113.7/tcp/4001', '[2001:db8::9]:1'], { source: 'relay', claims: { relay: true, natType: 'symmetric' } });
  cache.addSeed('ünïcode-😀', ['seed.example.net:4127']);
  cache.recordSuccess('0123456789abcdef', { rttMs: 12.34, capabilities: { coordination: true, dualStack: false }, address: '[2001:db8::9]:1' });
  cache.recordFailure('peer-3');
  cache.recordFailure('peer-3');
  expect(await cache.save()).toBe(true);
  const { cache: again } = await open(fs, { clock });
  // Reasons of failures are kept in memory only; there are none here.
  expect(plain(again)).toEqual(plain(cache));
  // The sum over the peers may round differently in another order.
  expect(again.stats()).toEqual({ ...cache.stats(), averageQuality: expect.closeTo(cache.stats().averageQuality, 12) });
  expect(again.stats().dirty).toBe(false);
});

test('a typical peer takes at most 150 bytes', async () => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs);
  const random = new SeededRandom('bytes');
  for (let index = 0; index < 1000; index++) {
    const id = Buffer.from(random.bytes(32)).toString('hex');
    cache.add(id, [`${20 + random.integer(60)}.${random.integer(256)}.${random.integer(256)}.${random.integer(256)}:${10_000 + random.integer(50_000)}`]);
    cache.recordSuccess(id, { rttMs: 100 * random.float() });
    cache.recordFailure(id);
  }
  let bytes = 0;
  cache.on('saved', (event) => (bytes = event.bytes));
  await cache.save();
  expect(bytes / cache.size).toBeLessThan(150);
});

test.each([
  ['truncated', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 100), 'truncated'],
  ['empty', () => new Uint8Array(0), 'truncated'],
  ['one bit flipped', (bytes: Uint8Array) => bytes.map((byte, index) => (index === 900 ? byte ^ 4 : byte)), 'corrupt'],
  ['not ours', () => new TextEncoder().encode('{"version":1,"peers":{}}'), 'truncated'],
  ['of a later version', () => Buffer.concat(frameFileOfVersion(2)), 'future-version'],
])('a file that is %s is set aside, the previous one is used, and saving goes on', async (_, spoil, reason) => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs);
  addPeers(cache, 20);
  await cache.save();
  cache.add('later', [lonelyAddress(99)]);
  await cache.save();
  const spoilt = spoil(fs.files.get(CURRENT)!.bytes);
  fs.put(CURRENT, spoilt);
  const { cache: again, quarantined } = await open(fs);
  expect(quarantined).toMatchObject([{ what: 'file', reason }]);
  expect(fs.files.get(quarantined[0]!.path)!.bytes).toEqual(spoilt);
  expect(again.size).toBe(20);
  again.add('new', [lonelyAddress(100)]);
  expect(await again.save()).toBe(true);
  const { cache: third, quarantined: none } = await open(fs);
  expect(third.size).toBe(21);
  expect(none).toEqual([]);
});

test('a running cache that finds its file spoilt writes everything it knows again', async () => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs);
  addPeers(cache, 20);
  for (let dial = 0; dial < 5; dial++) cache.recordSuccess('peer-1');
  await cache.save();
  cache.add('later', [lonelyAddress(99)]);
  for (let dial = 0; dial < 5; dial++) cache.recordSuccess('peer-1');
  await cache.save();
  fs.put(CURRENT, fs.files.get(CURRENT)!.bytes.subarray(0, 50));
  cache.recordSuccess('peer-1');
  await cache.save();
  const { cache: again } = await open(fs);
  expect(again.size).toBe(21);
  expect(again.get('peer-1')!.stats.successes).toBe(11);
});

test('a file of another network is not taken for ours', async () => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs, { network: 'main' });
  addPeers(cache, 3);
  await cache.save();
  fs.put('/state/peers-test.cache', fs.files.get('/state/peers-main.cache')!.bytes);
  const { cache: other, quarantined } = await open(fs, { network: 'test' });
  expect(other.size).toBe(0);
  expect(quarantined).toMatchObject([{ reason: 'other-network' }]);
  expect((await open(fs, { network: 'main' })).cache.size).toBe(3);
});

test('a bad entry in a sound file costs that entry', async () => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs);
  addPeers(cache, 3);
  await cache.save();
  const reading = readFrame(fs.files.get(CURRENT)!.bytes, 'default', crc32);
  if (!reading.ok) throw new Error(reading.reason);
  const good = ['a', ['198.51.100.1:1'], 0, 1, 1, null, null, 0, 0, 0, 0, 0, null, null, null, null, 0, 0, null];
  const put = (position: number, value: unknown): unknown[] => good.map((old, index) => (index === 0 ? `id-${position}-${String(value).slice(0, 9)}` : index === position ? value : old));
  const bad: unknown[] = [
    null, 'text', [], [good[0]], put(1, []), put(1, ['a b']), put(1, Array.from({ length: 9 }, (_, n) => `10.0.0.${n}:1`)), put(1, [['198.51.100.1:1', 5, 9]]),
    put(2, 7), put(2, -1), put(3, 'x'), put(4, 1e300), put(7, 2 ** 32), put(7, 1.5), put(9, -1), put(10, 'NaN'), put(13, -5), put(16, 512), put(17, 448), put(17, 1), put(12, Number.MAX_SAFE_INTEGER),
    [new Uint8Array(3), ...good.slice(1)], ['bad id', ...good.slice(1)],
  ];
  const entries = [...(bad as unknown[][]), good, good];
  const sections = [encodeSection(entries), new Uint8Array([0xc1])];
  fs.put(CURRENT, Buffer.concat(frameFile({ ...reading.image.header, peerSections: 2 }, sections, [], crc32)));
  const { cache: again, quarantined } = await open(fs);
  expect([...again.all()].map(({ id }) => id)).toEqual(['a']);
  expect(quarantined.every(({ what }) => what === 'entries')).toBe(true);
  // One more for the entry that came twice, one for the section that is no msgpack.
  expect(quarantined.reduce((sum, { entries: count }) => sum + count, 0)).toBe(bad.length + 2);
  expect(await again.save()).toBe(true);
});

test('removals survive, also against a copy that another process holds', async () => {
  const fs = new MemoryFileSystem();
  const clock = new VirtualClock();
  const { cache: one } = await open(fs, { clock });
  addPeers(one, 3);
  await one.save();
  const { cache: two } = await open(fs, { clock });
  await clock.advance(1000);
  one.remove('peer-1');
  await one.save();
  two.recordSuccess('peer-1');
  const merged: CacheEvents['merged'][] = [];
  two.on('merged', (event) => merged.push(event));
  await two.save();
  expect(two.has('peer-1')).toBe(false);
  expect(merged).toMatchObject([{ added: 0, removed: 1 }]);
  expect((await open(fs, { clock })).cache.size).toBe(2);
  await clock.advance(1000);
  two.add('peer-1', [lonelyAddress(50)]);
  await two.save();
  await one.save();
  expect(one.get('peer-1')).toMatchObject({ addresses: [lonelyAddress(50)], stats: { successes: 0 } });
});

test('addresses are united, and a list that was replaced stays replaced', async () => {
  const fs = new MemoryFileSystem();
  const { cache: one } = await open(fs);
  one.add('a', ['198.51.100.1:1', '198.51.100.2:1']);
  await one.save();
  const { cache: two } = await open(fs);
  two.add('a', ['198.51.100.3:1']);
  two.recordSuccess('a', { address: '198.51.100.3:1' });
  one.add('a', ['198.51.100.4:1'], { claims: { relay: true } });
  await one.save();
  await two.save();
  expect(two.get('a')!.addresses).toEqual(['198.51.100.3:1', '198.51.100.1:1', '198.51.100.2:1', '198.51.100.4:1']);
  expect(two.get('a')!.claimed).toEqual({ relay: true });
  two.update('a', () => ({ addresses: ['203.0.113.1:1'], isSeed: true }));
  one.add('a', ['203.0.113.2:1']);
  await two.save();
  await one.save();
  expect(one.get('a')!.addresses.toSorted()).toEqual(['203.0.113.1:1', '203.0.113.2:1']);
  expect(one.get('a')!.isSeed).toBe(true);
});

test('a failed save keeps every count for the next one', async () => {
  const fs = new MemoryFileSystem();
  const { cache: one } = await open(fs);
  addPeers(one, 300);
  await one.save();
  const { cache: two } = await open(fs);
  const failing = ['open', 'write', 'sync', 'link', 'rename', 'read', 'list'];
  for (const [failure, failingStep] of failing.entries()) {
    two.recordSuccess('peer-7', { rttMs: 10 });
    two.add(`extra-${failure}`, [lonelyAddress(500 + failure)]);
    fs.before = (step, path): void => {
      // Not the lock's own files, but for the one step that only they take.
      if (step === failingStep && (step === 'list' || !path.includes('.lock'))) throw systemError('ENOSPC');
    };
    one.recordFailure('peer-7');
    await expect(two.save()).rejects.toMatchObject({ code: 'BOOTSTRAP_CACHE_WRITE_FAILED', cause: { code: 'ENOSPC' } });
    expect(two.stats().dirty).toBe(true);
    fs.before = () => undefined;
    await one.save();
  }
  await two.save();
  const { cache: three } = await open(fs);
  expect(three.get('peer-7')!.stats).toMatchObject({ successes: failing.length, failures: failing.length });
  expect(three.size).toBe(300 + failing.length);
});

test('what happens during a save is kept for the next', async () => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs);
  addPeers(cache, 1000);
  let isFirst = true;
  fs.before = (step): void => {
    if (step !== 'sync' || !isFirst) return;
    isFirst = false;
    for (let index = 0; index < 1000; index++) cache.recordSuccess(`peer-${index}`);
    cache.remove('peer-5');
    cache.add('during', [lonelyAddress(2000)]);
  };
  await cache.save();
  expect(cache.stats().dirty).toBe(true);
  await cache.save();
  const { cache: again } = await open(fs);
  expect(again.size).toBe(1000);
  expect(again.has('peer-5')).toBe(false);
  expect([...again.all()].filter(({ stats }) => stats.successes === 1)).toHaveLength(999);
});

test('a smaller cache leaves a larger one\'s peers in the file', async () => {
  const fs = new MemoryFileSystem();
  const { cache: large } = await open(fs, { maxPeers: 1000 });
  addPeers(large, 1000);
  for (let index = 0; index < 10; index++) large.recordSuccess(`peer-${index}`);
  await large.save();
  const { cache: small } = await open(fs, { maxPeers: 50 });
  expect(small.size).toBe(50);
  expect(Array.from({ length: 10 }, (_, index) => small.has(`peer-${index}`))).not.toContain(false);
  for (let round = 0; round < 3; round++) {
    small.recordSuccess('peer-1');
    await small.save();
  }
  const { cache: again } = await open(fs, { maxPeers: 1000 });
  expect(again.size).toBe(1000);
  expect(again.get('peer-1')!.stats.successes).toBe(4);
});

test('a directory that cannot be written means memory only: one warning, one event', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const fs = new MemoryFileSystem();
  fs.before = (): void => {
    throw systemError('EROFS');
  };
  const cache = await BootstrapCache.open({ dir: '/state' }, fs);
  let degraded = 0;
  cache.on('degraded', ({ error }) => {
    degraded += 1;
    expect(error).toMatchObject({ code: 'BOOTSTRAP_CACHE_DIRECTORY', cause: { code: 'EROFS' } });
  });
  addPeers(cache, 5);
  expect(await cache.save()).toBe(false);
  expect(await cache.save()).toBe(false);
  expect(cache.stats()).toMatchObject({ peers: 5, degraded: true });
  fs.before = () => undefined;
  // It is tried again, and works once the directory does.
  expect(await cache.save()).toBe(true);
  expect(cache.stats().degraded).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(degraded).toBe(1);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('quarantined files do not pile up', async () => {
  const fs = new MemoryFileSystem();
  const clock = new VirtualClock();
  for (let round = 0; round < 12; round++) {
    fs.put(CURRENT, new Uint8Array([1, 2, 3, round]));
    await clock.advance(DAY);
    await open(fs, { clock });
  }
  const kept = [...fs.files.keys()].filter((path) => path.endsWith('.bad')).map((path) => fs.files.get(path)!.bytes[3]).toSorted((a, b) => a! - b!);
  expect(kept).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
});

test('a closed cache answers but does not save', async () => {
  const fs = new MemoryFileSystem();
  const { cache } = await open(fs);
  addPeers(cache, 3);
  await cache.close();
  await cache.close();
  expect(cache.selectPeers(3)).toHaveLength(3);
  await expect(cache.save()).rejects.toMatchObject({ code: 'BOOTSTRAP_CACHE_CLOSED' });
  expect((await open(fs)).cache.size).toBe(3);
});

function frameFileOfVersion(version: number): Uint8Array[] {
  const head = encodeSection(['p2p-bootstrap-cache', version, 'default', 1_800_000_000_000, 100, 0, 0]);
  const prefix = (length: number): Uint8Array => Uint8Array.of(0xc6, 0, 0, length >> 8, length & 255);
  const body = Buffer.concat([prefix(head.length), head, prefix(1), encodeSection([])]);
  const sum = new Uint8Array(5);
  sum[0] = 0xce;
  new DataView(sum.buffer).setUint32(1, crc32(body));
  return [body, sum];
}
