import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { writeValueTree } from '../../src/conformance/trees.ts';
import { hashKey } from '../../src/io/store/layout.ts';
import { pruneStore } from '../../src/io/store/prune-store.ts';
import { StoreService } from '../../src/io/thread/store-service.ts';
import type { Store } from '../../src/io/store/store.ts';
import { withDirectory } from '../temporary-directory.ts';

const TTL_MS = 200;

/** A cache with an entry for `key`, and the store of another process on the same directory, on this thread so that it can be stopped between two steps. */
async function withOther(fn: (scene: { source: string; cache: LocalCacheBackend; other: Store }) => Promise<void>): Promise<void> {
  await withDirectory(async (dir) => {
    const cacheDir = join(dir, 'cache');
    const cache = await LocalCacheBackend.open({ dir: cacheDir, threads: 1 });
    const source = join(dir, 'source');
    await (await cache.put('key', writeValueTree(source, 'old'), '', { ttlMs: TTL_MS })).release();
    const failures: unknown[] = [];
    const service = new StoreService({ onTrash: () => {}, onBackgroundError: (error) => failures.push(error) });
    await service.open({ root: cacheDir, settings: { lockTimeoutMs: 5_000, leaseFiles: false, graceMs: 0 }, sync: 'auto', fileSystemType: undefined });
    try {
      await fn({ source, cache, other: service.store });
    } finally {
      await service.store.close();
      await cache.close();
    }
    expect(failures).toEqual([]);
  });
}

describe('two processes that remove the same entry at once', () => {
  test('a prune counts no entry that another process invalidated between its last look and its own removal', async () => {
    await withOther(async ({ cache, other }) => {
      const remove = other.pointers.remove.bind(other.pointers);
      other.pointers.remove = (id) => {
        fs.unlinkSync(other.layout.pointer(hashKey('key')));
        return remove(id);
      };
      const report = await pruneStore(other, { maxEntries: 0 });
      expect(report.victims).toEqual([]);
      expect(report.evicted).toBe(0);
      expect(report.freedBytes).toBe(0);
      expect(await cache.get('key')).toBeUndefined();
    });
  });

  test('an invalidate answers for the entry that it removed, and gives back that one’s tree, when a put came after the last look', async () => {
    await withOther(async ({ source, cache, other }) => {
      const hash = hashKey('key');
      const old = other.pointers.read(hash);
      await setTimeout(TTL_MS);
      const hit = await cache.put('key', writeValueTree(source, 'new'), '');
      const tree = basename(dirname(hit.path));
      await hit.release();
      other.pointers.read = () => old;
      expect(other.invalidate(hash)).toBe(true);
      await other.settle();
      expect(fs.existsSync(other.layout.container(tree))).toBe(false);
      expect(await cache.get('key')).toBeUndefined();
    });
  });
});
