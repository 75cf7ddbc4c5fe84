import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withEntry } from '../with-entry.ts';
import { type Case, entries, has, putValue } from './cases.ts';
import { readValueTree, writeValueTree } from './trees.ts';

/** Options of get and put. */
export function optionCases(test: Case): void {
  test('ifAbsent keeps what is there and gives that', async (bench) => {
    await putValue(bench, 'key', 'first');
    const hit = await bench.cache.put('key', writeValueTree(bench.path('source'), 'second'), 'second', { ifAbsent: true });
    assert.equal(readValueTree(hit.path), 'first');
    assert.equal(hit.entry.description, 'says first');
    await hit.release();
    const other = await bench.cache.put('other', writeValueTree(bench.path('source'), 'second'), 'second', { ifAbsent: true });
    assert.equal(readValueTree(other.path), 'second');
    await other.release();
  });

  test('move consumes the source, and what it gives is a copy\'s like', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'moved');
    const hit = await bench.cache.put('key', source, '', { move: true });
    assert.equal(readValueTree(hit.path), 'moved');
    assert.ok(!existsSync(source));
    await hit.release();
    assert.equal(await withEntry(bench.cache, 'key', (again) => readValueTree(again?.path ?? ''), { verify: 'full' }), 'moved');
  });

  test('every mode of verification serves a sound tree', async (bench) => {
    await putValue(bench, 'key', 'sound');
    for (const verify of ['none', 'metadata', 'sampled', 'full'] as const) {
      assert.equal(await withEntry(bench.cache, 'key', (hit) => readValueTree(hit?.path ?? ''), { verify }), 'sound');
    }
  });

  test('tags are kept', async (bench) => {
    await (await bench.cache.put('key', writeValueTree(bench.path('source'), 'x'), '', { tags: ['b', 'a'] })).release();
    const [entry] = Array.from((await entries(bench.cache)).values());
    if (entry?.tags !== undefined) assert.deepEqual(Array.from(entry.tags).sort(), ['a', 'b']);
  });

  test('an entry whose time is over is a miss, and is not listed', async (bench) => {
    if (bench.cache.capabilities?.ttl !== true) return;
    await (await bench.cache.put('key', writeValueTree(bench.path('source'), 'x'), '', { ttlMs: 600_000 })).release();
    assert.ok(await has(bench.cache, 'key'));
    await (await bench.cache.put('key', writeValueTree(bench.path('source'), 'x'), '', { ttlMs: 1 })).release();
    // A wall clock's milliseconds, not an event: they must pass.
    await sleep(5);
    assert.equal(await bench.cache.get('key'), undefined);
    assert.equal((await entries(bench.cache)).size, 0);
    const hit = await bench.cache.put('key', writeValueTree(bench.path('source'), 'again'), '', { ifAbsent: true });
    assert.equal(readValueTree(hit.path), 'again');
    await hit.release();
  });

  test('a signal that has fired stops a call, and nothing is stored', async (bench) => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await assert.rejects(bench.cache.put('key', writeValueTree(bench.path('source'), 'x'), '', { signal }), /stopped/);
    await assert.rejects(bench.cache.get('key', { signal }), /stopped/);
    assert.equal(await bench.cache.get('key'), undefined);
  });

  test('bad options are TypeErrors', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'x');
    const bad = [{ ttlMs: 0 }, { ttlMs: 1.5 }, { tags: [''] }, { tags: Array.from({ length: 65 }, String) }, { special: 'follow' }, { unknown: true }];
    for (const options of bad) await assert.rejects(bench.cache.put('key', source, '', options as object), TypeError, JSON.stringify(options));
    for (const options of [{ maxEntries: -1 }, { maxBytes: 0.5 }, { lowWatermark: 0 }, { lowWatermark: 2 }, { unknown: 1 }]) {
      await assert.rejects(bench.cache.prune(options), TypeError, JSON.stringify(options));
    }
    await assert.rejects(bench.cache.put('key', source, 'd'.repeat(5000)), TypeError);
    await assert.rejects(bench.cache.put('key', source, '\ud800'), TypeError);
    assert.equal(await bench.cache.get('key'), undefined);
  });

  test('pins outlive the instance and can be taken away', async (bench) => {
    const { cache } = bench;
    if (cache.capabilities?.pin !== true || cache.pin === undefined) return;
    assert.equal(await cache.pin('key'), false);
    await putValue(bench, 'key', 'x');
    assert.equal(await cache.pin('key'), true);
    const other = await bench.open();
    assert.equal((await other.prune({ maxEntries: 0 })).evicted, 0);
    assert.equal(await other.unpin?.('key'), true);
    assert.equal(await other.unpin?.('key'), false);
    assert.equal((await cache.prune({ maxEntries: 0 })).evicted, 1);
  });

  test('verify finds sound entries sound', async (bench) => {
    if (bench.cache.capabilities?.verify !== true || bench.cache.verify === undefined) return;
    await putValue(bench, 'one', '1');
    await putValue(bench, 'two', '2');
    assert.deepEqual(await bench.cache.verify(), { checked: 2, corrupt: [] });
    assert.deepEqual(await bench.cache.verify({ key: 'one' }), { checked: 1, corrupt: [] });
    if (bench.cache.repair === undefined) return;
    const repaired = await bench.cache.repair();
    assert.deepEqual(repaired.quarantined, []);
    assert.ok(await has(bench.cache, 'two'));
  });

  test('a listener hears of hits, misses and puts until it is disposed of', async (bench) => {
    const heard: string[] = [];
    if (bench.cache.on === undefined) return;
    const listening = [bench.cache.on('put', ({ key }) => heard.push(`put ${key}`)), bench.cache.on('hit', ({ key }) => heard.push(`hit ${key}`)), bench.cache.on('miss', ({ key }) => heard.push(`miss ${key}`))];
    await putValue(bench, 'key', 'x');
    await has(bench.cache, 'key');
    await has(bench.cache, 'none');
    for (const one of listening) one[Symbol.dispose]();
    await has(bench.cache, 'key');
    assert.deepEqual(heard, ['put key', 'hit key', 'miss none']);
  });

  test('a lock for building is exclusive until it is released', async (bench) => {
    const { cache } = bench;
    if (cache.capabilities?.lockBuild !== true || cache.lockBuild === undefined) return;
    const first = await cache.lockBuild('key');
    const other = await bench.open();
    await (await other.lockBuild?.('other key'))?.release();
    const waiting = other.lockBuild?.('key', { signal: AbortSignal.timeout(60) });
    await assert.rejects(waiting ?? Promise.resolve());
    await first.release();
    const second = await other.lockBuild?.('key');
    assert.ok(second !== undefined);
    await second.release();
  });
}
