import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setTimes, snapshotTree, writeRichTree, writeValueTree, readValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend, materialize } from '@p2p/cache-backend';

let mounted = '';

/** A file system of its own that clones files, on a loop device. */
function mount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const dir = fs.mkdtempSync('/tmp/cache-btrfs-');
  try {
    fs.writeFileSync(join(dir, 'image'), '');
    fs.truncateSync(join(dir, 'image'), 256 * 1024 * 1024);
    execFileSync('mkfs.btrfs', ['-q', join(dir, 'image')], { stdio: 'pipe' });
    fs.mkdirSync(join(dir, 'mounted'));
    execFileSync('mount', ['-o', 'loop', join(dir, 'image'), join(dir, 'mounted')], { stdio: 'pipe' });
    mounted = dir;
    return true;
  } catch {
    fs.rmSync(dir, { recursive: true, force: true });
    return false;
  }
}

const isMounted = mount();

describe.skipIf(!isMounted)('on a file system that clones (needs the right to mount, and mkfs.btrfs)', () => {
  let cache: LocalCacheBackend;
  let dir = '';
  beforeAll(async () => {
    dir = join(mounted, 'mounted');
    cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
  });
  afterAll(async () => {
    await cache.close();
    execFileSync('umount', [dir]);
    fs.rmSync(mounted, { recursive: true, force: true });
  });

  test('a rich tree comes back as it was, attributes included', async () => {
    expect(cache.capabilities).toMatchObject({ reflink: true });
    const source = writeRichTree(join(dir, 'rich'));
    const hit = await cache.put('rich', source, '');
    expect(snapshotTree(hit.path)).toEqual(snapshotTree(source));
    await materialize(hit, join(dir, 'clone'), { mode: 'reflink' });
    expect(snapshotTree(join(dir, 'clone'))).toEqual(snapshotTree(source));
    fs.writeFileSync(join(dir, 'clone', 'large'), 'changed');
    await hit.release();
    const again = await cache.get('rich', { verify: 'full' });
    expect(again).toBeDefined();
    await again?.release();
  });

  test('equal content with other times takes no room: it is cloned', async () => {
    const bytes = Buffer.alloc(20_000_000);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
    for (const name of ['one', 'two']) {
      fs.mkdirSync(join(dir, name));
      fs.writeFileSync(join(dir, name, 'file'), bytes);
      fs.writeFileSync(join(dir, name, 'small'), bytes.subarray(0, 40_000));
    }
    setTimes(Buffer.from(join(dir, 'two')));
    await (await cache.put('one', join(dir, 'one'), '')).release();
    execFileSync('sync', ['-f', dir]);
    const before = fs.statfsSync(dir).bfree * fs.statfsSync(dir).bsize;
    // Written anew elsewhere, so that only the pool can share it.
    const hit = await cache.put('two', join(dir, 'two'), '');
    fs.rmSync(join(dir, 'two'), { recursive: true });
    execFileSync('sync', ['-f', dir]);
    const after = fs.statfsSync(dir).bfree * fs.statfsSync(dir).bsize;
    expect(before - after).toBeLessThan(5_000_000);
    expect(hit.entry.sharedBytes).toBeGreaterThan(20_000_000);
    expect(fs.readFileSync(join(hit.path, 'file')).equals(bytes)).toBe(true);
    await hit.release();
  });

  test('made read-only under an open cache: a clear code, and the old entry is there afterwards', async () => {
    await (await cache.put('key', writeValueTree(join(dir, 'old'), 'old'), '')).release();
    const source = fs.mkdtempSync('/tmp/cache-source-');
    writeValueTree(source, 'new');
    execFileSync('mount', ['-o', 'remount,ro', dir]);
    try {
      await expect(cache.put('key', source, '')).rejects.toMatchObject({ code: 'CACHE_READ_ONLY' });
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', dir]);
      fs.rmSync(source, { recursive: true });
    }
    const hit = await cache.get('key', { verify: 'full' });
    expect(readValueTree(hit?.path ?? '')).toBe('old');
    await hit?.release();
  });
});

test.skipIf(isMounted)('a file system that does not clone refuses to materialize by clone', async () => {
  const dir = fs.mkdtempSync('/tmp/cache-clone-');
  const source = writeValueTree(join(dir, 'source'), 'x');
  await expect(materialize({ path: source }, join(dir, 'target'), { mode: 'reflink' })).rejects.toMatchObject({ code: 'CACHE_UNSUPPORTED' });
  expect(fs.readdirSync(dir)).toEqual(['source']);
  fs.rmSync(dir, { recursive: true });
});
