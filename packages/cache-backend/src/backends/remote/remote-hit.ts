import { withSeedJson } from '../../schemas.ts';
import type { CacheEntry, CacheHit } from '../../types.ts';
import type { IndexEntry, TreeLease } from './remote-index.ts';

/** A leased local copy of a remote tree. */
export class RemoteHit implements CacheHit {
  readonly path: string;
  readonly entry: CacheEntry;
  readonly tier: string;
  #local: CacheHit | undefined;
  #lease: TreeLease | undefined;
  readonly #onRelease: (hit: RemoteHit) => void;

  constructor(tier: string, found: IndexEntry, local: CacheHit, lease: TreeLease, onRelease: (hit: RemoteHit) => void) {
    this.tier = tier;
    this.path = local.path;
    this.entry = entryOf(found);
    this.#local = local;
    this.#lease = lease;
    this.#onRelease = onRelease;
  }

  async release(): Promise<void> {
    const local = this.#local;
    const lease = this.#lease;
    this.#local = undefined;
    this.#lease = undefined;
    if (local === undefined) return;
    this.#onRelease(this);
    await local.release();
    await lease?.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/** An entry as callers see it. */
export function entryOf({ pointer, accessedUs, isPinned }: IndexEntry): CacheEntry {
  return withSeedJson({
    key: pointer.key,
    description: pointer.description,
    sizeBytes: pointer.sizeBytes,
    cachedAtMs: pointer.cachedAtMs,
    lastAccessedMs: Math.floor(accessedUs / 1000),
    treeDigest: pointer.tree,
    ...(pointer.tags === undefined ? {} : { tags: pointer.tags }),
    ...(pointer.expiresAtMs === undefined ? {} : { expiresAtMs: pointer.expiresAtMs }),
    pinned: isPinned,
  });
}
