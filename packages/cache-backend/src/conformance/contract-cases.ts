import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOrCreate } from '../io/get-or-create.ts';
import { statsFromList } from '../stats-from-list.ts';
import { withEntry } from '../with-entry.ts';
import { type Case, entries, has, putValue, rejectsWith } from './cases.ts';
import { readValueTree, writeValueTree } from './trees.ts';

const KEYS: readonly string[] = [
  'plain', '.', '..', '../escape', '../../../../etc/passwd', '/absolute/path', 'a/b', 'a\\b', 'C:\\x', '\\\\host\\share', 'nul\0inside', 'new\nline', ' ', 'x'.repeat(300),
  'k'.repeat(65_536), '__proto__', 'constructor', 'CON', 'x.meta.json', 'a:b', 'a_b', 'Case', 'case', 'é', 'e\u0301', '💡', 'sha256:abc', 'sha256_abc',
];
const BAD_KEYS: readonly string[] = ['', 'x'.repeat(65_537), 'é'.repeat(32_769), 'lone \ud800 surrogate', '\udc00'];

/** The seed's contract. */
export function contractCases(test: Case): void {
  test('a key that was never put is a miss', async ({ cache }) => {
    assert.equal(await cache.get('nothing'), undefined);
    assert.equal(await cache.invalidate('nothing'), false);
    assert.deepEqual(await entries(cache), new Map());
  });

  test('what is put is got, at once and by another instance', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'one');
    const before = Date.now();
    const stored = await bench.cache.put('key', source, 'a description');
    assert.equal(readValueTree(stored.path), 'one');
    assert.equal(readValueTree(source), 'one', 'the source stays as it is');
    assert.equal(stored.entry.key, 'key');
    assert.equal(stored.entry.description, 'a description');
    assert.equal(stored.entry.sizeBytes, 9);
    assert.ok(stored.entry.cachedAtMs >= before - 2000 && stored.entry.cachedAtMs <= Date.now() + 2000);
    const hit = await (await bench.open()).get('key');
    assert.ok(hit !== undefined);
    assert.equal(readValueTree(hit.path), 'one');
    assert.equal(hit.entry.description, 'a description');
    assert.equal(typeof hit.tier, 'string');
  });

  test('the cached tree does not change with its source', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'one');
    const hit = await bench.cache.put('key', source, '');
    writeFileSync(join(source, 'a'), 'changed');
    writeFileSync(join(source, 'more'), 'more');
    assert.equal(readValueTree(hit.path), 'one');
    assert.ok(!existsSync(join(hit.path, 'more')));
  });

  test('putting over a key replaces it, and readers of the old tree keep it until they release it', async (bench) => {
    await putValue(bench, 'key', 'old');
    const old = await bench.cache.get('key');
    assert.ok(old !== undefined);
    await putValue(bench, 'key', 'new');
    if (bench.cache.capabilities?.leases === true) assert.equal(readValueTree(old.path), 'old');
    const hit = await bench.cache.get('key');
    assert.ok(hit !== undefined);
    assert.equal(readValueTree(hit.path), 'new');
    assert.equal((await entries(bench.cache)).size, 1);
    await old.release();
    await old.release();
    assert.equal(readValueTree(hit.path), 'new');
  });

  test('invalidate removes one key, says whether there was one, and leaves leased trees alone', async (bench) => {
    await putValue(bench, 'key', 'one');
    await putValue(bench, 'other', 'two');
    const hit = await bench.cache.get('key');
    assert.equal(await bench.cache.invalidate('key'), true);
    assert.equal(await bench.cache.invalidate('key'), false);
    assert.equal(await bench.cache.get('key'), undefined);
    assert.ok(await has(bench.cache, 'other'));
    if (bench.cache.capabilities?.leases === true) assert.equal(readValueTree(hit?.path ?? ''), 'one');
    await putValue(bench, 'key', 'three');
    assert.equal(await withEntry(bench.cache, 'key', (again) => readValueTree(again?.path ?? '')), 'three');
  });

  test('two keys with equal trees are two entries; one goes without the other', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'same');
    for (const key of ['one', 'two']) await (await bench.cache.put(key, source, key)).release();
    assert.equal((await entries(bench.cache)).size, 2);
    assert.equal(await bench.cache.invalidate('one'), true);
    assert.equal(await withEntry(bench.cache, 'two', (hit) => readValueTree(hit?.path ?? '')), 'same');
    assert.equal(await bench.cache.get('one'), undefined);
  });

  test('keys are data: paths, case pairs and names with a meaning are all distinct and lead nowhere else', async (bench) => {
    const source = bench.path('source');
    mkdirSync(source);
    for (const [index, key] of KEYS.entries()) {
      writeFileSync(join(source, 'which'), String(index));
      await (await bench.cache.put(key, source, '')).release();
    }
    for (const [index, key] of KEYS.entries()) {
      await withEntry(bench.cache, key, (hit) => assert.equal(readFileSync(join(hit?.path ?? '', 'which'), 'utf8'), String(index), JSON.stringify(key.slice(0, 40))));
    }
    assert.deepEqual(Array.from((await entries(bench.cache)).keys()).sort(), KEYS.slice().sort());
    assert.equal(await bench.cache.invalidate('..'), true);
    assert.equal((await entries(bench.cache)).size, KEYS.length - 1);
  });

  test('bad keys are TypeErrors, in every method', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'x');
    for (const key of BAD_KEYS) {
      await assert.rejects(bench.cache.get(key), TypeError);
      await assert.rejects(bench.cache.put(key, source, ''), TypeError);
      await assert.rejects(bench.cache.invalidate(key), TypeError);
    }
    assert.equal((await entries(bench.cache)).size, 0);
  });

  test('list and stats agree; totals are sums of entries', async (bench) => {
    for (const index of [1, 2, 3]) await putValue(bench, `key ${index}`, 'v'.repeat(index));
    const found = await entries(bench.cache);
    assert.deepEqual(Array.from(found.keys()).sort(), ['key 1', 'key 2', 'key 3']);
    assert.equal(found.get('key 2')?.sizeBytes, 6);
    const stats = await bench.cache.stats();
    assert.equal(stats.entryCount, 3);
    assert.equal(stats.totalBytes, 18);
    assert.deepEqual(await statsFromList(bench.cache), { entryCount: 3, totalBytes: 18 });
  });

  test('an entry is the seed\'s in JSON: its field names, and seconds', async (bench) => {
    await putValue(bench, 'key', 'one');
    const entry = (await entries(bench.cache)).get('key');
    assert.deepEqual(JSON.parse(JSON.stringify(entry)), {
      key: 'key',
      description: 'says one',
      size_bytes: 9,
      cached_at: Math.floor((entry?.cachedAtMs ?? 0) / 1000),
      last_accessed: Math.floor((entry?.lastAccessedMs ?? 0) / 1000),
    });
  });

  test('a source that is missing or a file is refused, and the old entry stays', async (bench) => {
    await putValue(bench, 'key', 'old');
    await rejectsWith(bench.cache.put('key', bench.path('missing'), ''), 'CACHE_SOURCE_INVALID');
    const file = bench.path('file');
    writeFileSync(file, 'x');
    await rejectsWith(bench.cache.put('key', file, ''), 'CACHE_SOURCE_INVALID');
    assert.equal(await withEntry(bench.cache, 'key', (hit) => readValueTree(hit?.path ?? '')), 'old');
  });

  test('a get marks an entry as accessed and does not change when it was cached', async (bench) => {
    await putValue(bench, 'key', 'one');
    const before = (await entries(bench.cache)).get('key');
    assert.ok(await has(bench.cache, 'key'));
    const after = (await entries(bench.cache)).get('key');
    assert.ok((after?.lastAccessedMs ?? 0) >= (before?.lastAccessedMs ?? Infinity));
    assert.equal(after?.cachedAtMs, before?.cachedAtMs);
  });

  test('getOrCreate builds once, and not again', async ({ cache }) => {
    let builds = 0;
    const build = async (dir: string): Promise<void> => {
      builds++;
      writeValueTree(dir, 'built');
    };
    for (let round = 0; round < 2; round++) {
      const hit = await getOrCreate(cache, 'key', build, 'built');
      assert.equal(readValueTree(hit.path), 'built');
      await hit.release();
    }
    assert.equal(builds, 1);
  });

  test('directories for builders, where the backend gives them, are empty, each one’s own, and put whole', async ({ cache }) => {
    const dirs = [await cache.makeBuildDir?.(), await cache.makeBuildDir?.()].filter((dir) => dir !== undefined);
    assert.equal(new Set(dirs).size, dirs.length);
    for (const dir of dirs) {
      assert.deepEqual(readdirSync(dir), []);
      const hit = await cache.put(dir, writeValueTree(dir, 'built'), '', { move: true });
      assert.equal(readValueTree(hit.path), 'built');
      assert.equal(existsSync(dir), false);
      await hit.release();
    }
  });

  test('a builder that fails leaves no entry, and the next one may succeed', async ({ cache }) => {
    const failure = new Error('the build failed');
    await assert.rejects(getOrCreate(cache, 'key', () => Promise.reject(failure), ''), failure);
    assert.equal(await cache.get('key'), undefined);
    const hit = await getOrCreate(cache, 'key', async (dir) => void writeValueTree(dir, 'built'), '');
    assert.equal(readValueTree(hit.path), 'built');
    await hit.release();
  });

  test('after close everything is refused, what was put stays for others, and closing twice is fine', async (bench) => {
    const second = await bench.open();
    await putValue(bench, 'key', 'one', second);
    await second.close();
    await second.close();
    await rejectsWith(second.get('key'), 'CACHE_CLOSED');
    await rejectsWith(second.put('key', bench.path('x'), ''), 'CACHE_CLOSED');
    await rejectsWith(second.invalidate('key'), 'CACHE_CLOSED');
    await rejectsWith(second.prune({}), 'CACHE_CLOSED');
    await rejectsWith(second.stats(), 'CACHE_CLOSED');
    assert.ok(await has(bench.cache, 'key'));
  });
}
