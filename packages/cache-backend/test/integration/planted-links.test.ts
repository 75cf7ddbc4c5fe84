import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { getOrCreate, LocalCacheBackend, materialize } from '@p2p/cache-backend';
import { hashKey } from '../../src/io/store/layout.ts';
import { withDirectory } from '../temporary-directory.ts';

/** A cache with two entries, and a directory outside of it that must stay as it is. */
async function withCache(fn: (scene: { dir: string; cacheDir: string; outside: string; cache: LocalCacheBackend }) => Promise<void>): Promise<void> {
  await withDirectory(async (dir) => {
    const outside = join(dir, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, 'keep'), 'keep');
    const cacheDir = join(dir, 'cache');
    const cache = await LocalCacheBackend.open({ dir: cacheDir });
    try {
      await (await cache.put('key', writeValueTree(join(dir, 'source'), 'value'), '')).release();
      await fn({ dir, cacheDir, outside, cache });
    } finally {
      await cache.close();
    }
    expect(fs.readdirSync(outside)).toEqual(['keep']);
    expect(fs.readFileSync(join(outside, 'keep'), 'utf8')).toBe('keep');
  });
}

function replaceByLink(path: string, target: string): void {
  fs.rmSync(path, { recursive: true, force: true });
  fs.symlinkSync(target, path);
}

describe('what a put consumes is what the caller named', () => {
  test('a builder that leaves a link in place of its directory makes no entry, and the target stays', async () => {
    await withCache(async ({ dir, outside, cache }) => {
      const scratchDir = join(dir, 'scratch');
      fs.mkdirSync(scratchDir);
      const build = async (built: string): Promise<void> => {
        fs.rmdirSync(built);
        fs.symlinkSync(outside, built);
      };
      await expect(getOrCreate(cache, 'built', build, '', { scratchDir })).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      expect(await cache.get('built')).toBeUndefined();
      expect(fs.readdirSync(scratchDir)).toEqual([]);
    });
  });

  test('a builder works in the cache unless told where; what it leaves is moved, or goes', async () => {
    await withCache(async ({ outside, cache }) => {
      const builds = (): string[] => fs.readdirSync(join(cache.dir, 'tmp')).flatMap((owner) => fs.readdirSync(join(cache.dir, 'tmp', owner)));
      let inode = 0;
      const fill = async (built: string): Promise<void> => {
        expect(built.startsWith(`${cache.dir}/tmp/`)).toBe(true);
        expect(fs.readdirSync(built)).toEqual([]);
        writeValueTree(built, 'built');
        inode = fs.statSync(join(built, 'a')).ino;
        expect(builds()).toHaveLength(1);
      };
      await using hit = await getOrCreate(cache, 'built', fill, '');
      expect(readValueTree(hit.path)).toBe('built');
      expect(fs.statSync(join(hit.path, 'a')).ino).toBe(inode);
      const failure = new Error('the build failed');
      await expect(getOrCreate(cache, 'failed', (built) => fill(built).then(() => Promise.reject(failure)), '')).rejects.toBe(failure);
      const replaced = async (built: string): Promise<void> => replaceByLink(built, outside);
      await expect(getOrCreate(cache, 'linked', replaced, '')).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      expect(builds()).toEqual([]);
      // Nothing else in there is a source.
      const own = fs.readdirSync(join(cache.dir, 'tmp'))[0] ?? '';
      for (const path of ['', 'tree-1', 'build-x', 'build-1x']) {
        fs.mkdirSync(join(cache.dir, 'tmp', own, path), { recursive: true });
        await expect(cache.put('key', join(cache.dir, 'tmp', own, path), '', { move: true })).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      }
    });
  });

  test('a builder may make its directory anew', async () => {
    await withCache(async ({ dir, cache }) => {
      const build = async (built: string): Promise<void> => {
        fs.rmdirSync(built);
        writeValueTree(built, 'anew');
      };
      await using hit = await getOrCreate(cache, 'built', build, '', { scratchDir: dir });
      expect(readValueTree(hit.path)).toBe('anew');
    });
  });

  test('a link is not moved, with or without a slash after it; it may still be copied from', async () => {
    await withCache(async ({ dir, outside, cache }) => {
      const link = join(dir, 'link');
      fs.symlinkSync(outside, link);
      for (const source of [link, `${link}/`, `${link}/.`]) await expect(cache.put('moved', source, '', { move: true })).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      await (await cache.put('copied', link, '')).release();
    });
  });

  test('a container of the cache is no source, a tree in it is', async () => {
    await withCache(async ({ cache }) => {
      const hit = await cache.get('key');
      const path = hit?.path ?? '';
      for (const source of [join(path, '..'), join(path, '..', 'refs'), join(path, '..', '..')]) await expect(cache.put('x', source, '')).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      for (const source of [path, join(path, 'sub')]) await (await cache.put('x', source, '')).release();
      await hit?.release();
    });
  });

  test('a tree is not materialized into itself', async () => {
    await withCache(async ({ dir, cache }) => {
      const hit = await cache.get('key');
      const path = hit?.path ?? '';
      fs.symlinkSync(path, join(dir, 'way-in'));
      for (const target of [join(path, 'new'), join(path, 'sub', 'new'), join(dir, 'way-in', 'new')]) {
        await expect(materialize({ path }, target)).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      }
      await hit?.release();
      expect((await cache.verify()).corrupt).toEqual([]);
    });
  });
});

describe('a link in place of a directory of an old cache is refused when it is opened', () => {
  test.for(['keys', 'trees', 'pool'])('%s', async (kind) => {
    await withCache(async ({ cacheDir, outside, cache }) => {
      await cache.close();
      const shard = join(cacheDir, kind, hashKey('key').slice(0, 2));
      replaceByLink(shard, outside);
      await expect(LocalCacheBackend.open({ dir: cacheDir })).rejects.toMatchObject({ code: 'CACHE_FORMAT' });
    });
  });
});

describe('nothing is written through a link in place of a file of the cache', () => {
  const keep = (outside: string): string => join(outside, 'keep');
  const treeOf = async (cache: LocalCacheBackend): Promise<string> => {
    await using hit = await cache.get('key');
    return hit?.entry.treeDigest ?? '';
  };

  test.for(['file', 'refs'])("a tree's references (%s)", async (what) => {
    await withCache(async ({ dir, cacheDir, outside, cache }) => {
      const tree = await treeOf(cache);
      const refs = join(cacheDir, 'trees', tree.slice(0, 2), tree, 'refs');
      if (what === 'file') fs.symlinkSync(keep(outside), join(refs, hashKey('second')));
      else replaceByLink(refs, outside);
      await (await cache.put('second', join(dir, 'source'), '')).release();
      expect(fs.lstatSync(join(refs, hashKey('second'))).isFile()).toBe(true);
      expect(fs.lstatSync(refs).isDirectory()).toBe(true);
    });
  });

  test('a lease', async () => {
    await withCache(async ({ cacheDir, outside, cache }) => {
      const [id = ''] = fs.readdirSync(join(cacheDir, 'leases'));
      const lease = join(cacheDir, 'leases', id, `t.${await treeOf(cache)}`);
      fs.symlinkSync(keep(outside), lease);
      await using hit = await cache.get('key');
      expect(readValueTree(hit?.path ?? '')).toBe('value');
      expect(fs.lstatSync(lease).isFile()).toBe(true);
    });
  });

  test('a pin', async () => {
    await withCache(async ({ cacheDir, outside, cache }) => {
      const pin = join(cacheDir, 'pins', hashKey('key'));
      fs.symlinkSync(keep(outside), pin);
      expect(await cache.pin('key')).toBe(true);
      expect(fs.lstatSync(pin).isFile()).toBe(true);
    });
  });

  test('the reserve', async () => {
    await withCache(async ({ cacheDir, outside, cache }) => {
      await cache.close();
      replaceByLink(join(cacheDir, 'reserve'), join(outside, 'new'));
      await (await LocalCacheBackend.open({ dir: cacheDir })).close();
      expect(fs.lstatSync(join(cacheDir, 'reserve')).isFile()).toBe(true);
    });
  });

  test('a lock that is given back', async () => {
    await withCache(async ({ cacheDir, outside, cache }) => {
      const lock = await cache.lockBuild('key');
      const [name = ''] = fs.readdirSync(join(cacheDir, 'locks')).filter((file) => file.startsWith('build-'));
      replaceByLink(join(cacheDir, 'locks', name), keep(outside));
      await lock.release();
      await (await cache.lockBuild('key')).release();
    });
  });
});

describe('strange files do not make a cache unusable', () => {
  test.for<[string, (dir: string) => void]>([
    ['a directory for an intent', (dir) => fs.mkdirSync(join(dir, 'intent'))],
    ['a FIFO for an intent', (dir) => void execFileSync('mkfifo', [join(dir, 'intent')])],
    ['a file for an owner', (dir) => fs.writeFileSync(join(dir, 'leases', '1-0000000000000000'), '')],
    ['a directory for the record of an owner', (dir) => fs.mkdirSync(join(dir, 'leases', '1-0000000000000000', 'owner.json'), { recursive: true })],
    ['a lock with the highest number', (dir) => fs.writeFileSync(join(dir, 'locks', 'gc.999999999999999'), 'free')],
    ['a directory for a lock', (dir) => fs.mkdirSync(join(dir, 'locks', 'gc.5000'))],
    ['a torn lock', (dir) => fs.writeFileSync(join(dir, 'locks', 'gc.5000'), '')],
  ])('%s', async ([_name, plant]) => {
    await withCache(async ({ cacheDir, cache }) => {
      await cache.close();
      plant(cacheDir);
      const again = await LocalCacheBackend.open({ dir: cacheDir, lockTimeoutMs: 2_000 });
      try {
        const hit = await again.get('key', { verify: 'full' });
        expect(readValueTree(hit?.path ?? '')).toBe('value');
        await hit?.release();
        await again.repair();
        expect((await again.prune({ maxEntries: 0 })).evicted).toBe(1);
      } finally {
        await again.close();
      }
    });
  });

  test.for<[string, (path: string, outside: string) => void]>([
    ['a link', (path, outside) => fs.symlinkSync(join(outside, 'keep'), path)],
    ['a FIFO', (path) => void execFileSync('mkfifo', [path])],
  ])('%s in the pool in place of a large file', async ([_name, plant]) => {
    await withCache(async ({ dir, cacheDir, outside, cache }) => {
      const large = join(dir, 'large');
      fs.mkdirSync(large);
      fs.writeFileSync(join(large, 'a'), Buffer.alloc(300_000, 'x'));
      await (await cache.put('large', large, '')).release();
      const pooled = (fs.readdirSync(join(cacheDir, 'pool'), { recursive: true }) as string[]).map((name) => join(cacheDir, 'pool', name)).filter((path) => fs.lstatSync(path).size === 300_000);
      expect(pooled.length).toBeGreaterThan(0);
      for (const path of pooled) {
        fs.rmSync(path);
        plant(path, outside);
      }
      fs.writeFileSync(join(large, 'b'), 'b');
      await (await cache.put('larger', large, '')).release();
      const hit = await cache.get('larger', { verify: 'full' });
      expect(fs.readdirSync(hit?.path ?? '')).toEqual(['a', 'b']);
      await hit?.release();
    });
  });

  test('a manifest that grew beyond what can be read is set aside', async () => {
    await withCache(async ({ cacheDir, cache }) => {
      await using hit = await cache.get('key');
      const tree = hit?.entry.treeDigest ?? '';
      await hit?.release();
      const manifest = join(cacheDir, 'trees', tree.slice(0, 2), tree, 'manifest');
      fs.chmodSync(manifest, 0o600);
      fs.truncateSync(manifest, 3 * 2 ** 30);
      expect(await cache.get('key')).toBeUndefined();
      expect(fs.readdirSync(join(cacheDir, 'quarantine'))).toHaveLength(1);
    });
  });
});
