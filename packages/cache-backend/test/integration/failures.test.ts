import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { checkNothingLeft } from '../invariants.ts';
import { withDirectory } from '../temporary-directory.ts';

const STEPS = [
  'put:container-made', 'put:file', 'put:attributes', 'put:manifest-written', 'put:tree-synced', 'put:pool-filled', 'lease:acquired', 'put:tree-renamed', 'put:trees-synced', 'put:pointer-written', 'put:pointer-synced',
];
const CODES = [['ENOSPC', 'CACHE_NO_SPACE'], ['EDQUOT', 'CACHE_NO_SPACE'], ['EMFILE', 'CACHE_TOO_MANY_FILES'], ['EIO', 'CACHE_IO'], ['EROFS', 'CACHE_READ_ONLY']] as const;

describe('a put that fails keeps the old entry, says why, and leaves nothing behind', () => {
  test.for(STEPS.map((step, index) => [step, ...(CODES[index % CODES.length] ?? CODES[0])] as const))('%s: %s', async ([step, errno, code]) => {
    await withDirectory(async (dir) => {
      const cacheDir = join(dir, 'cache');
      const first = await LocalCacheBackend.open({ dir: cacheDir });
      await (await first.put('key', writeValueTree(join(dir, 'old'), 'old'), '')).release();
      await first.close();
      const cache = await LocalCacheBackend.open({ dir: cacheDir, threads: 1 }, { fault: { step, what: errno } });
      const source = writeValueTree(join(dir, 'new'), 'new');
      await expect(cache.put('key', source, '')).rejects.toMatchObject({ code, cause: { code: errno } });
      const hit = await cache.get('key', { verify: 'full' });
      expect(readValueTree(hit?.path ?? '')).toBe('old');
      await hit?.release();
      // Once only: with room again it works.
      const again = await cache.put('key', source, '');
      expect(readValueTree(again.path)).toBe('new');
      await again.release();
      await cache.close();
      checkNothingLeft(cacheDir);
    });
  });
});

test('a shared file that has as many links as a file can have gives way to another in the pool', async () => {
  await withDirectory(async (dir) => {
    const cacheDir = join(dir, 'cache');
    const source = writeValueTree(join(dir, 'source'), 'value');
    const inodes: number[][] = [];
    const put = async (key: string, fault?: { step: string; what: string }): Promise<void> => {
      // A tree of its own, with the same file.
      fs.writeFileSync(join(source, key), '');
      const cache = await LocalCacheBackend.open({ dir: cacheDir, threads: 1 }, fault === undefined ? {} : { fault });
      const hit = await cache.put(key, source, '');
      expect(readValueTree(hit.path)).toBe('value');
      inodes.push(['a', 'sub/b', 'sub/c'].map((name) => fs.statSync(join(hit.path, name)).ino));
      await hit.release();
      await cache.close();
    };
    await put('first');
    await put('second');
    await put('full', { step: 'pool:link', what: 'EMLINK' });
    await put('after');
    const [first, second, full, after] = inodes;
    expect(second).toEqual(first);
    expect(full?.filter((inode) => !first?.includes(inode))).toHaveLength(1);
    expect(after).toEqual(full);
    const cache = await LocalCacheBackend.open({ dir: cacheDir });
    expect((await cache.verify({ mode: 'full' })).corrupt).toEqual([]);
    await cache.close();
    checkNothingLeft(cacheDir);
  });
});

describe('a tree that cannot be read now is not damaged', () => {
  test.for([['verify:manifest', 'EMFILE', 'CACHE_TOO_MANY_FILES'], ['verify:file', 'EMFILE', 'CACHE_TOO_MANY_FILES'], ['verify:file', 'EIO', 'CACHE_IO'], ['verify:file', 'EACCES', 'CACHE_PERMISSION']] as const)('%s: %s', async ([step, errno, code]) => {
    await withDirectory(async (dir) => {
      const cacheDir = join(dir, 'cache');
      const first = await LocalCacheBackend.open({ dir: cacheDir });
      await (await first.put('key', writeValueTree(join(dir, 'source'), 'value'), '')).release();
      await first.close();
      const cache = await LocalCacheBackend.open({ dir: cacheDir, threads: 1 }, { fault: { step, what: errno } });
      await expect(cache.get('key', { verify: 'full' })).rejects.toMatchObject({ code, cause: { code: errno } });
      const hit = await cache.get('key', { verify: 'full' });
      expect(readValueTree(hit?.path ?? '')).toBe('value');
      await hit?.release();
      expect(fs.readdirSync(join(cacheDir, 'quarantine'))).toEqual([]);
      // The failed call holds nothing.
      expect((await cache.prune({ maxEntries: 0 })).evicted).toBe(1);
      await cache.close();
    });
  });
});

const canMount = process.getuid?.() === 0 && process.platform === 'linux' && tryMount();

function tryMount(): boolean {
  const dir = fs.mkdtempSync('/tmp/cache-mount-');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'pipe' });
    execFileSync('umount', [dir], { stdio: 'pipe' });
    return true;
  } catch {
    // Not root in earnest, as in a container.
    return false;
  } finally {
    fs.rmdirSync(dir);
  }
}

/** Fills the file system of a new file. */
function fill(path: string): void {
  const filler = fs.openSync(path, 'w');
  for (const size of [65_536, 4_096]) {
    try {
      for (;;) fs.writeSync(filler, Buffer.alloc(size, 1));
    } catch (error) {
      expect((error as { code?: string }).code).toBe('ENOSPC');
    }
  }
  fs.closeSync(filler);
}

describe.skipIf(!canMount)('a real file system (needs the right to mount)', () => {
  test('that is full keeps the old entry, and works again once there is room', async () => {
    await withDirectory(async (dir) => {
      const mounted = join(dir, 'mounted');
      fs.mkdirSync(mounted);
      // Room for the directories and a little more.
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mounted]);
      try {
        const cache = await LocalCacheBackend.open({ dir: join(mounted, 'cache') });
        await (await cache.put('key', writeValueTree(join(dir, 'old'), 'old'), '')).release();
        const large = join(dir, 'large');
        fs.mkdirSync(large);
        fs.writeFileSync(join(large, 'a'), Buffer.alloc(20_000_000, 'x'));
        await expect(cache.put('key', large, '')).rejects.toMatchObject({ code: 'CACHE_NO_SPACE' });
        const hit = await cache.get('key', { verify: 'full' });
        expect(readValueTree(hit?.path ?? '')).toBe('old');
        await hit?.release();
        await (await cache.put('key', writeValueTree(join(dir, 'new'), 'new'), '')).release();
        await cache.close();
        checkNothingLeft(join(mounted, 'cache'));
      } finally {
        execFileSync('umount', [mounted]);
      }
    });
  });

  test('that others filled to the last byte can still be pruned', async () => {
    await withDirectory(async (dir) => {
      const mounted = join(dir, 'mounted');
      fs.mkdirSync(mounted);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mounted]);
      try {
        const cache = await LocalCacheBackend.open({ dir: join(mounted, 'cache') });
        const large = join(dir, 'large');
        fs.mkdirSync(large);
        fs.writeFileSync(join(large, 'a'), Buffer.alloc(1_000_000, 'x'));
        await (await cache.put('key', large, '')).release();
        fill(join(mounted, 'filler'));
        expect(fs.statfsSync(mounted).bavail).toBe(0);
        expect((await cache.prune({ maxEntries: 0 })).evicted).toBe(1);
        await expect.poll(() => fs.statfsSync(mounted).bavail, { timeout: 10_000 }).toBeGreaterThan(200);
        await cache.close();
      } finally {
        execFileSync('umount', [mounted]);
      }
    });
  });

  test('that others filled to the last byte can be opened and pruned by another process', async () => {
    await withDirectory(async (dir) => {
      const mounted = join(dir, 'mounted');
      fs.mkdirSync(mounted);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mounted]);
      try {
        const cacheDir = join(mounted, 'cache');
        const first = await LocalCacheBackend.open({ dir: cacheDir });
        const large = join(dir, 'large');
        fs.mkdirSync(large);
        fs.writeFileSync(join(large, 'a'), Buffer.alloc(1_000_000, 'x'));
        await (await first.put('key', large, '')).release();
        await first.close();
        fill(join(mounted, 'filler'));
        for (const round of ['read', 'read again', 'prune']) {
          const cache = await LocalCacheBackend.open({ dir: cacheDir });
          if (round === 'prune') expect((await cache.prune({ maxEntries: 0 })).evicted).toBe(1);
          else await (await cache.get('key', { verify: 'full' }))!.release();
          await cache.close();
        }
        expect(fs.statfsSync(mounted).bavail).toBeGreaterThan(200);
        await (await LocalCacheBackend.open({ dir: cacheDir })).close();
        expect(fs.existsSync(join(cacheDir, 'reserve'))).toBe(true);
        // Nor does a failure leave drafts.
        fs.rmSync(join(cacheDir, 'reserve'));
        fill(join(mounted, 'filler-2'));
        await expect(LocalCacheBackend.open({ dir: cacheDir })).rejects.toMatchObject({ code: 'CACHE_NO_SPACE' });
        checkNothingLeft(cacheDir);
      } finally {
        execFileSync('umount', [mounted]);
      }
    });
  });

  test('that is read-only is refused with a code', async () => {
    await withDirectory(async (dir) => {
      const mounted = join(dir, 'mounted');
      fs.mkdirSync(mounted);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', mounted]);
      try {
        await expect(LocalCacheBackend.open({ dir: join(mounted, 'cache') })).rejects.toMatchObject({ code: 'CACHE_READ_ONLY' });
      } finally {
        execFileSync('umount', [mounted]);
      }
    });
  });
});

describe('opening', () => {
  test('a file system that may be shared with other machines is refused, or used with lease files when asked', async () => {
    await withDirectory(async (dir) => {
      const nfs = 0x6969;
      await expect(LocalCacheBackend.open({ dir: join(dir, 'cache') }, { fileSystemType: nfs })).rejects.toMatchObject({ code: 'CACHE_LOCKS_UNSUPPORTED' });
      const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache'), locks: 'lease-files', graceMs: 10 }, { fileSystemType: nfs });
      await (await cache.put('key', writeValueTree(join(dir, 'source'), 'x'), '')).release();
      expect((await cache.prune({ maxEntries: 0 })).evicted).toBe(1);
      await cache.close();
    });
  });

  test('a directory of something else, and a later format, are refused and left alone', async () => {
    await withDirectory(async (dir) => {
      fs.writeFileSync(join(dir, 'letters.txt'), 'dear');
      await expect(LocalCacheBackend.open({ dir })).rejects.toMatchObject({ code: 'CACHE_FORMAT' });
      expect(fs.readdirSync(dir)).toEqual(['letters.txt']);
      const later = join(dir, 'later');
      fs.mkdirSync(later);
      fs.writeFileSync(join(later, 'format.json'), '{"format":"p2p-cache","version":2}');
      await expect(LocalCacheBackend.open({ dir: later })).rejects.toMatchObject({ code: 'CACHE_FORMAT' });
    });
  });

  test('a link in place of one of its directories is refused', async () => {
    await withDirectory(async (dir) => {
      const cache = join(dir, 'cache');
      fs.mkdirSync(cache);
      fs.mkdirSync(join(dir, 'elsewhere'));
      fs.symlinkSync(join(dir, 'elsewhere'), join(cache, 'trees'));
      await expect(LocalCacheBackend.open({ dir: cache })).rejects.toMatchObject({ code: 'CACHE_FORMAT' });
      expect(fs.readdirSync(join(dir, 'elsewhere'))).toEqual([]);
    });
  });

  test('bad options are TypeErrors that name them', async () => {
    await expect(LocalCacheBackend.open({ dir: '' })).rejects.toThrow(/dir/);
    await expect(LocalCacheBackend.open({ dir: 'x', threads: 0 })).rejects.toThrow(TypeError);
    await expect(LocalCacheBackend.open({ dir: 'x', limits: { maxEntries: -1 } })).rejects.toThrow(/maxEntries/);
  });
});
