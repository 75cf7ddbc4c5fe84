import { chownSync, closeSync, existsSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheBackendConformance } from '@p2p/cache-backend/conformance';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { CacheError, LocalCacheBackend, TieredCacheBackend, withEntry } from '@p2p/cache-backend';
import type { CacheBackend } from '@p2p/cache-backend';
import { canKeepXattrs, readXattrs, writeXattrs } from '../../src/io/xattrs.ts';
import { withDirectory } from '../temporary-directory.ts';

describe('a tiered backend over two local ones conforms', () => {
  cacheBackendConformance({
    test,
    rounds: 10,
    servesEvicted: true,
    makeStore: async (scratch) => ({
      open: async () => new TieredCacheBackend(await LocalCacheBackend.open({ dir: `${scratch}/near`, threads: 1 }), await LocalCacheBackend.open({ dir: `${scratch}/far`, threads: 1 })),
      remove: async () => {},
    }),
  });
});

interface Tiers {
  readonly dir: string;
  readonly near: LocalCacheBackend;
  readonly far: LocalCacheBackend;
  /** While true the far tier fails. */
  broken: boolean;
  readonly farWhichBreaks: CacheBackend;
}

async function withTiers(fn: (tiers: Tiers) => Promise<void>): Promise<void> {
  await withDirectory(async (dir) => {
    const near = await LocalCacheBackend.open({ dir: join(dir, 'near'), threads: 1 });
    const far = await LocalCacheBackend.open({ dir: join(dir, 'far'), threads: 1 });
    const tiers: Tiers = { dir, near, far, broken: false, farWhichBreaks: undefined as never };
    const farWhichBreaks = new Proxy(far, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => (tiers.broken && name !== 'close' ? Promise.reject(new CacheError('CACHE_REMOTE', 'the far tier is down')) : (value as (...args: unknown[]) => unknown).apply(target, args));
      },
    });
    try {
      await fn(Object.assign(tiers, { farWhichBreaks }));
    } finally {
      await near.close();
      await far.close();
    }
  });
}

async function valueOf(cache: CacheBackend, key: string): Promise<string | undefined> {
  return await withEntry(cache, key, (hit) => (hit === undefined ? undefined : readValueTree(hit.path)));
}

describe('tiers', () => {
  test('what only the far tier has is served by it and kept near', async () => {
    await withTiers(async ({ dir, near, far, farWhichBreaks }) => {
      await (await far.put('key', writeValueTree(join(dir, 'source'), 'far'), 'from far', { tags: ['t'] })).release();
      const cache = new TieredCacheBackend(near, farWhichBreaks);
      expect(await valueOf(near, 'key')).toBeUndefined();
      expect(await valueOf(cache, 'key')).toBe('far');
      const hit = await near.get('key');
      expect(hit?.entry).toMatchObject({ description: 'from far', tags: ['t'] });
      await hit?.release();
    });
  });

  test('a far tier that is down leaves a working cache, counted and told', async () => {
    await withTiers(async (tiers) => {
      const { dir, near, far } = tiers;
      const cache = new TieredCacheBackend(near, tiers.farWhichBreaks, { retryAfterMs: 0 });
      const told: string[] = [];
      cache.on('degraded', ({ operation, error }) => told.push(`${operation}: ${(error as { code?: string }).code}`));
      tiers.broken = true;
      const source = writeValueTree(join(dir, 'source'), 'near');
      await (await cache.put('key', source, '')).release();
      expect(await valueOf(cache, 'key')).toBe('near');
      expect(await valueOf(cache, 'other')).toBeUndefined();
      expect(await cache.invalidate('key')).toBe(true);
      expect(told).toEqual(['put: CACHE_REMOTE', 'get: CACHE_REMOTE', 'invalidate: CACHE_REMOTE']);
      expect((await cache.stats()).degraded).toBe(3);
      tiers.broken = false;
      await (await cache.put('key', source, '')).release();
      expect(await valueOf(far, 'key')).toBe('near');
      expect((await cache.stats()).degraded).toBe(3);
    });
  });

  test('what the far tier has and is of no use here is a miss, and no failure of all of it', async () => {
    await withTiers(async ({ dir, near, far }) => {
      await (await far.put('good', writeValueTree(join(dir, 'good'), 'good'), '')).release();
      const refusing = new Proxy(far, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (name === 'get') return async (key: string): Promise<unknown> => (key === 'bad' ? Promise.reject(new CacheError('CACHE_TOO_LARGE', 'more than there may be here')) : target.get(key));
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      const cache = new TieredCacheBackend(near, refusing, { retryAfterMs: 3_600_000 });
      const told: string[] = [];
      cache.on('degraded', ({ operation, error }) => told.push(`${operation}: ${(error as CacheError).code}`));
      expect(await valueOf(cache, 'bad')).toBeUndefined();
      expect(await valueOf(cache, 'good')).toBe('good');
      expect(told).toEqual(['get: CACHE_TOO_LARGE']);
    });
  });

  test('a far tier that is trusted less gives neither owners nor attributes, and nothing that cannot be kept near', async ({ skip }) => {
    await withDirectory(async (dir) => {
      const source = writeValueTree(join(dir, 'source'), 'far');
      const fd = openSync(join(source, 'a'), 'r+');
      if (!canKeepXattrs(fd)) return skip('this file system keeps no attributes');
      writeXattrs(fd, [['user.p2p', Buffer.from('of the far tier').toString('base64')]]);
      closeSync(fd);
      const isRoot = process.getuid?.() === 0;
      if (isRoot) chownSync(join(source, 'a'), 12_345, 12_345);
      const far = await LocalCacheBackend.open({ dir: join(dir, 'far'), threads: 1 });
      await (await far.put('key', source, '')).release();
      await (await far.put('large', writeValueTree(join(dir, 'large'), 'x'.repeat(10_000)), '')).release();
      const fill = { owner: 'ignore', xattrs: 'ignore' } as const;
      await using cache = new TieredCacheBackend(await LocalCacheBackend.open({ dir: join(dir, 'near'), threads: 1, limits: { maxBytes: 20_000 } }), far, { fill });
      const traitsOf = (path: string): unknown => {
        const file = openSync(path, 'r');
        try {
          return [readXattrs(file).map(([name]) => name).filter((name) => name === 'user.p2p'), fstatSync(file).uid];
        } finally {
          closeSync(file);
        }
      };
      await withEntry(far, 'key', async (hit) => expect(traitsOf(join(hit?.path ?? '', 'a'))).toEqual([['user.p2p'], isRoot ? 12_345 : process.getuid?.()]));
      for (let round = 0; round < 2; round++) {
        await withEntry(cache, 'key', async (hit) => {
          expect(hit?.path.startsWith(join(dir, 'near'))).toBe(true);
          expect(traitsOf(join(hit?.path ?? '', 'a'))).toEqual([[], process.getuid?.()]);
        });
      }
      expect(await valueOf(cache, 'large')).toBeUndefined();
      expect((await cache.stats()).degraded).toBe(1);
    });
  });

  test('after a failure the far tier is left alone for a while', async () => {
    await withTiers(async (tiers) => {
      const cache = new TieredCacheBackend(tiers.near, tiers.farWhichBreaks, { retryAfterMs: 3_600_000 });
      let told = 0;
      cache.on('degraded', () => told++);
      tiers.broken = true;
      for (let call = 0; call < 5; call++) expect(await valueOf(cache, 'key')).toBeUndefined();
      expect(told).toBe(1);
      expect((await cache.stats()).degraded).toBe(5);
    });
  });

  test('what the caller did wrong is not a failure of the far tier', async () => {
    await withTiers(async ({ dir, near, farWhichBreaks }) => {
      const cache = new TieredCacheBackend(near, farWhichBreaks);
      await expect(cache.put('key', join(dir, 'missing'), '')).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
      await expect(cache.get('')).rejects.toThrow(TypeError);
      expect((await cache.stats()).degraded).toBe(0);
    });
  });

  test('writing back: close waits for the far tier, and what was invalidated meanwhile is not sent', async () => {
    await withDirectory(async (dir) => {
      const open = async (): Promise<TieredCacheBackend> => new TieredCacheBackend(await LocalCacheBackend.open({ dir: join(dir, 'near') }), await LocalCacheBackend.open({ dir: join(dir, 'far') }), { write: 'back' });
      const cache = await open();
      const source = writeValueTree(join(dir, 'source'), 'back');
      await (await cache.put('key', source, '', { move: true })).release();
      expect(existsSync(source)).toBe(false);
      await (await cache.put('gone', writeValueTree(join(dir, 'other'), 'gone'), '')).release();
      await cache.invalidate('gone');
      await cache.close();
      const far = await LocalCacheBackend.open({ dir: join(dir, 'far') });
      expect(await valueOf(far, 'key')).toBe('back');
      expect(await valueOf(far, 'gone')).toBeUndefined();
      await far.close();
    });
  });

  test('bad options are TypeErrors', async () => {
    await withTiers(async ({ near, far }) => {
      expect(() => new TieredCacheBackend(near, far, { write: 'sideways' as never })).toThrow(TypeError);
      expect(() => new TieredCacheBackend(near, far, { retryAfterMs: -1 })).toThrow(TypeError);
    });
  });
});
