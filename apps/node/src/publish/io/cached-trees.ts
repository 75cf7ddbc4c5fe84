import { resolve } from 'node:path';
import { getOrCreate, materialize, type CacheBackend } from '@p2p/cache-backend';
import type { HeldTree, TreeStore } from '../tree-store.ts';

/** Fetched trees in any cache of directories. */
export class CachedTrees implements TreeStore {
  readonly #cache: CacheBackend;
  readonly #scratchDir: string;

  /** @param scratchDir where trees are put together; on the cache's file system they are moved instead of copied. */
  constructor(cache: CacheBackend, scratchDir: string) {
    this.#cache = cache;
    this.#scratchDir = scratchDir;
  }

  get(key: string, signal: AbortSignal): Promise<HeldTree | undefined> {
    return this.#cache.get(key, { signal });
  }

  getOrBuild(key: string, build: (directory: string) => Promise<void>, description: string, signal: AbortSignal): Promise<HeldTree> {
    return getOrCreate(this.#cache, key, build, description, { scratchDir: this.#scratchDir, owner: 'ignore', signal });
  }

  copyTo(tree: HeldTree, target: string, signal: AbortSignal): Promise<void> {
    return materialize(tree, resolve(target), { signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cache.close();
  }
}
