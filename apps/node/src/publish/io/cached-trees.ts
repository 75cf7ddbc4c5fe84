import { resolve } from 'node:path';
import { getOrCreate, materialize, type CacheBackend, type CacheHit } from '@p2p/cache-backend';
import type { TreeTotals } from '../core/tree.ts';
import type { HeldTree, TreeStore } from '../tree-store.ts';
import { leaveStaging } from './staging.ts';

/** The tag that says how many entries a tree has. */
const ENTRIES_TAG = /^entries:(\d{1,15})$/;

/** Fetched trees in any cache of directories. */
export class CachedTrees implements TreeStore {
  readonly #cache: CacheBackend;
  readonly #scratchDir: string;

  /** @param scratchDir of this store alone, from `prepareStaging`: where trees are put together; on the cache's file system they are moved instead of copied. */
  constructor(cache: CacheBackend, scratchDir: string) {
    this.#cache = cache;
    this.#scratchDir = scratchDir;
  }

  async get(key: string, signal: AbortSignal): Promise<HeldTree | undefined> {
    const hit = await this.#cache.get(key, { signal });
    return hit === undefined ? undefined : held(hit);
  }

  async getOrBuild(key: string, build: (directory: string) => Promise<void>, { description, totals }: { description: string; totals: TreeTotals }, signal: AbortSignal): Promise<HeldTree> {
    return held(await getOrCreate(this.#cache, key, build, description, { scratchDir: this.#scratchDir, owner: 'ignore', tags: [`entries:${totals.entries}`], signal }));
  }

  copyTo(tree: HeldTree, target: string, signal: AbortSignal): Promise<void> {
    return materialize(tree, resolve(target), { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#cache.close();
    } finally {
      await leaveStaging(this.#scratchDir);
    }
  }
}

function held(hit: CacheHit): HeldTree {
  const { path, entry } = hit;
  const [entries] = (entry.tags ?? []).flatMap((tag) => ENTRIES_TAG.exec(tag)?.[1] ?? []);
  return { path, entries: entries === undefined ? undefined : Number(entries), contentBytes: entry.sizeBytes, [Symbol.asyncDispose]: () => hit.release() };
}
