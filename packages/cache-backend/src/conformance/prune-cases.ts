import assert from 'node:assert/strict';
import { type Case, entries, has, putValue } from './cases.ts';
import { readValueTree, writeValueTree } from './trees.ts';

/** Eviction. */
export function pruneCases(test: Case): void {
  test('prune evicts in the order of last access, exactly, however quick the accesses were', async (bench) => {
    const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
    for (const key of keys) await putValue(bench, key, key);
    const order = [7, 2, 11, 0, 5, 1, 9, 3, 10, 4, 8, 6].map((index) => `key ${index}`);
    for (const key of order) assert.ok(await has(bench.cache, key));
    const report = await bench.cache.prune({ maxEntries: 5 });
    assert.deepEqual(report.victims.map(({ key }) => key), order.slice(0, 7));
    assert.equal(report.evicted, 7);
    assert.ok(report.limitsHold);
    assert.deepEqual(Array.from((await entries(bench.cache)).keys()).sort(), order.slice(7).sort());
    if (!bench.servesEvicted) for (const key of order) assert.equal(await has(bench.cache, key), order.indexOf(key) >= 7);
  });

  test('all limits hold together; what needs no eviction evicts nothing', async (bench) => {
    for (let index = 0; index < 6; index++) await putValue(bench, `key ${index}`, String(index).repeat(10));
    assert.equal((await bench.cache.prune({ maxEntries: 6, maxBytes: 180 })).evicted, 0);
    assert.equal((await bench.cache.prune({})).evicted, 0);
    const report = await bench.cache.prune({ maxEntries: 5, maxBytes: 100 });
    assert.equal(report.evicted, 3);
    const stats = await bench.cache.stats();
    assert.equal(stats.entryCount, 3);
    assert.equal(stats.totalBytes, 90);
  });

  test('a low watermark leaves room once a limit is exceeded, and does nothing before', async (bench) => {
    for (let index = 0; index < 10; index++) await putValue(bench, `key ${index}`, 'x');
    assert.equal((await bench.cache.prune({ maxEntries: 10, lowWatermark: 0.5 })).evicted, 0);
    assert.equal((await bench.cache.prune({ maxEntries: 8, lowWatermark: 0.5 })).evicted, 6);
  });

  test('a dry run names the victims and evicts nothing', async (bench) => {
    for (let index = 0; index < 3; index++) await putValue(bench, `key ${index}`, 'x');
    const dry = await bench.cache.prune({ maxEntries: 1, dryRun: true });
    assert.equal(dry.evicted, 0);
    assert.deepEqual(dry.victims.map(({ key }) => key), ['key 0', 'key 1']);
    assert.equal((await entries(bench.cache)).size, 3);
    const real = await bench.cache.prune({ maxEntries: 1 });
    assert.deepEqual(real.victims, dry.victims);
  });

  test('a leased tree is never evicted, and one that cannot be does not stop the rest', async (bench) => {
    if (bench.cache.capabilities?.leases !== true) return;
    for (let index = 0; index < 4; index++) await putValue(bench, `key ${index}`, `value ${index}`);
    const held = await (await bench.open()).get('key 1');
    const report = await bench.cache.prune({ maxEntries: 0 });
    assert.equal(report.evicted, 3);
    assert.deepEqual(report.skipped, [{ key: 'key 1', reason: 'leased' }]);
    assert.equal(report.limitsHold, false);
    assert.equal(readValueTree(held?.path ?? ''), 'value 1');
    await held?.release();
    assert.equal((await bench.cache.prune({ maxEntries: 0 })).evicted, 1);
  });

  test('entries with a tag to be kept stay', async (bench) => {
    for (const [key, tags] of [['one', ['keep']], ['two', ['other']], ['three', []]] as const) {
      await (await bench.cache.put(key, writeValueTree(bench.path('source'), key), '', { tags })).release();
    }
    const entry = (await entries(bench.cache)).get('one');
    if (entry?.tags === undefined) return;
    const report = await bench.cache.prune({ maxEntries: 0, keepTags: ['keep'] });
    assert.deepEqual(report.victims.map(({ key }) => key).sort(), ['three', 'two']);
    assert.deepEqual(report.skipped, [{ key: 'one', reason: 'tagged' }]);
  });

  test('what was not accessed for too long goes', async (bench) => {
    await putValue(bench, 'key', 'x');
    assert.equal((await bench.cache.prune({ maxAgeMs: 3_600_000 })).evicted, 0);
    const { victims } = await bench.cache.prune({ maxAgeMs: 0 });
    // Within one millisecond it is not too old yet.
    if (victims.length > 0) assert.equal(victims[0]?.reason, 'max-age');
    assert.equal((await bench.cache.prune({ maxEntries: 0 })).evicted, 1 - victims.length);
  });
}
