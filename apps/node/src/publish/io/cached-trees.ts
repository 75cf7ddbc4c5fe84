import { resolve } from 'node:path';
import { getOrCreate, materialize, type CacheBackend, type CacheHit } from '@p2p/cache-backend';
import type { TreeTotals } from '../core/tree.ts';
import type { HeldTree, TreeStore } from '../tree-store.ts';

/** The tag that says how many entries a tree has. */
const ENTRIES_TAG = /^entries:(\d{1,15})$/;

/** Fetched trees in any cache of directories, and in what is behind it. */
export class CachedTrees implements TreeStore {
  readonly #local: CacheBackend;
  readonly #openTiers: () => Promise<CacheBackend>;
  #tiers: Promise<CacheBackend> | undefined;

  /** @param openTiers the same cache with others behind it, opened once `local` lacks a tree. Closing it closes `local`, too. */
  constructor(local: CacheBackend, openTiers: () => Promise<CacheBackend> = () => Promise.resolve(local)) {
    this.#local = local;
    this.#openTiers = openTiers;
  }

  async get(key: string, signal: AbortSignal, where: 'anywhere' | 'here' = 'anywhere'): Promise<HeldTree | undefined> {
    const near = await this.#local.get(key, { signal });
    const hit = near !== undefined || where === 'here' ? near : await (await this.#all()).get(key, { signal });
    return hit === undefined ? undefined : held(hit);
  }

  async getOrBuild(key: string, build: (directory: string) => Promise<void>, { description, totals }: { description: string; totals: TreeTotals }, signal: AbortSignal): Promise<HeldTree> {
    return held(await getOrCreate(await this.#all(), key, build, description, { owner: 'ignore', tags: [`entries:${totals.entries}`], signal }));
  }

  copyTo(tree: HeldTree, target: string, signal: AbortSignal): Promise<void> {
    return materialize(tree, resolve(target), { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever opened them was told why they could not be.
    const tiers = await this.#tiers?.catch(() => undefined);
    await (tiers ?? this.#local).close();
  }

  #all(): Promise<CacheBackend> {
    return (this.#tiers ??= this.#openTiers());
  }
}

function held(hit: CacheHit): HeldTree {
  const { path, entry, tier } = hit;
  const [entries] = (entry.tags ?? []).flatMap((tag) => ENTRIES_TAG.exec(tag)?.[1] ?? []);
  return { path, entries: entries === undefined ? undefined : Number(entries), contentBytes: entry.sizeBytes, tier, [Symbol.asyncDispose]: () => hit.release() };
}
