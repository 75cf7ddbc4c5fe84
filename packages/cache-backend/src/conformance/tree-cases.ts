import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { materialize } from '../io/materialize.ts';
import { type Case, putValue, rejectsWith } from './cases.ts';
import { readValueTree, setTimes, snapshotTree, writeRichTree, writeValueTree } from './trees.ts';

/** Trees come back as they were. */
export function treeCases(test: Case): void {
  test('a tree keeps names in bytes, modes, times, links, hardlink groups and empty directories', async (bench) => {
    const source = writeRichTree(bench.path('source'));
    const before = snapshotTree(source);
    const hit = await bench.cache.put('key', source, '');
    assert.deepEqual(snapshotTree(hit.path), before);
    assert.deepEqual(snapshotTree(source), before, 'the source is left as it was');
    await hit.release();
    const again = await bench.cache.get('key', { verify: 'full' });
    assert.ok(again !== undefined, 'a full verification finds it sound');
    assert.deepEqual(snapshotTree(again.path), before);
    await again.release();
  });

  test('holes stay holes', async (bench) => {
    const source = writeRichTree(bench.path('source'));
    const hit = await bench.cache.put('key', source, '');
    const original = fs.statSync(join(source, 'sparse'));
    if (original.blocks * 512 >= original.size) return;
    const copy = fs.statSync(join(hit.path, 'sparse'));
    assert.ok(copy.blocks * 512 < copy.size / 2, `${copy.blocks * 512} of ${copy.size} bytes take room`);
    await hit.release();
  });

  test('a second put of a tree shares nothing within itself that was apart', async (bench) => {
    const source = writeRichTree(bench.path('source'));
    await (await bench.cache.put('first', source, '')).release();
    fs.writeFileSync(join(source, 'one more'), 'x');
    setTimes(Buffer.from(source));
    const before = snapshotTree(source);
    const hit = await bench.cache.put('second', source, '');
    assert.deepEqual(snapshotTree(hit.path), before);
    await hit.release();
  });

  test('links in a tree are not followed, to nowhere and to outside', async (bench) => {
    const outside = bench.path('outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, 'secret'), 'secret');
    const source = bench.path('source');
    fs.mkdirSync(source);
    fs.symlinkSync(outside, join(source, 'link'));
    const hit = await bench.cache.put('key', source, '');
    assert.equal(fs.readlinkSync(join(hit.path, 'link')), outside);
    await hit.release();
    assert.equal(await bench.cache.invalidate('key'), true);
    assert.equal((await bench.cache.prune({ maxEntries: 0 })).skipped.length, 0);
    assert.equal(fs.readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
  });

  test('a FIFO is refused at once, without being opened, and the old entry stays', async (bench) => {
    await putValue(bench, 'key', 'old');
    const source = bench.path('source');
    fs.mkdirSync(join(source, 'deep'), { recursive: true });
    execFileSync('mkfifo', [join(source, 'deep', 'fifo')]);
    await rejectsWith(bench.cache.put('key', source, ''), 'CACHE_SPECIAL_FILE');
    const hit = await bench.cache.get('key');
    assert.equal(readValueTree(hit?.path ?? ''), 'old');
    await hit?.release();
  });

  test('materialize gives a tree of one\'s own, whole or not at all', async (bench) => {
    const source = writeRichTree(bench.path('source'));
    const hit = await bench.cache.put('key', source, '');
    const target = bench.path('target');
    await materialize(hit, target);
    assert.deepEqual(snapshotTree(target), snapshotTree(source));
    fs.writeFileSync(join(target, 'plain'), 'changed');
    assert.equal(fs.readFileSync(join(hit.path, 'plain'), 'utf8'), 'plain');
    await rejectsWith(materialize(hit, target), 'CACHE_TARGET_EXISTS');
    await hit.release();
    assert.ok((await bench.cache.get('key', { verify: 'full' })) !== undefined);
  });

  test('files that were changed, removed or added in the cache are found by a full verification', async (bench) => {
    const tampers: ((dir: string) => void)[] = [
      (dir) => {
        const { atime, mtime } = fs.statSync(join(dir, 'a'));
        fs.writeFileSync(join(dir, 'a'), 'ONE');
        fs.utimesSync(join(dir, 'a'), atime, mtime);
      },
      (dir) => fs.truncateSync(join(dir, 'sub', 'b'), 1),
      (dir) => fs.rmSync(join(dir, 'sub', 'c')),
      (dir) => fs.writeFileSync(join(dir, 'sub', 'd'), 'stranger'),
      (dir) => fs.chmodSync(join(dir, 'a'), 0o777),
      (dir) => {
        fs.rmSync(join(dir, 'sub', 'b'));
        fs.symlinkSync('/etc/passwd', join(dir, 'sub', 'b'));
      },
    ];
    for (const [index, tamper] of tampers.entries()) {
      const key = `key ${index}`;
      const hit = await bench.cache.put(key, writeValueTree(bench.path('source'), `one ${index}`), '');
      const { path } = hit;
      await hit.release();
      tamper(path);
      const served = await bench.cache.get(key, { verify: 'full' });
      // A backend that has the content elsewhere may repair it; a wrong tree it may not serve.
      if (served !== undefined) assert.equal(readValueTree(served.path), `one ${index}`, `tampering ${index} was served`);
      await served?.release();
      await putValue(bench, key, 'again');
      const again = await bench.cache.get(key, { verify: 'full' });
      assert.equal(readValueTree(again?.path ?? ''), 'again');
      await again?.release();
    }
  });

  test('putting a tree again heals its damaged copy', async (bench) => {
    const source = writeValueTree(bench.path('source'), 'one');
    for (const held of [false, true]) {
      const first = await bench.cache.put('key', source, '');
      fs.writeFileSync(join(first.path, 'a'), 'rot');
      if (!held) await first.release();
      const second = await bench.cache.put('key', source, '');
      assert.equal(readValueTree(second.path), 'one');
      await second.release();
      if (held) await first.release();
    }
    const hit = await bench.cache.get('key', { verify: 'full' });
    assert.equal(readValueTree(hit?.path ?? ''), 'one');
    await hit?.release();
  });
}
