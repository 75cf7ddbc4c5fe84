import type { BuildLock, CacheBackend, CacheCapabilities, CacheEntry, CacheHit, CacheStats, GetOptions, PruneOptions, PruneReport, PutOptions } from '@p2p/cache-backend';
import type { SharedCache } from './shared-cache.ts';

/** Says whether a tree is what its key says that it is. */
export type CheckTree = (key: string, directory: string, signal: AbortSignal | undefined) => Promise<boolean>;

/** A shared cache, into which others may have put anything: what it has under a key is looked at before it is believed, and is a miss if it is something else. */
export class CheckedCache implements CacheBackend {
  readonly capabilities: CacheCapabilities;
  readonly #shared: SharedCache;
  readonly #inner: CacheBackend;
  readonly #check: CheckTree;

  /** Owns the shared cache: `close` disposes of it. */
  constructor(shared: SharedCache, check: CheckTree) {
    this.#shared = shared;
    this.#inner = shared.backend;
    this.#check = check;
    this.capabilities = { lockBuild: this.#inner.capabilities?.lockBuild === true };
  }

  async get(key: string, options: GetOptions = {}): Promise<CacheHit | undefined> {
    const hit = await this.#inner.get(key, options);
    if (hit === undefined) return undefined;
    try {
      if (await this.#check(key, hit.path, options.signal)) return withoutClaims(hit);
    } catch (error) {
      await hit.release();
      throw error;
    }
    await hit.release();
    return undefined;
  }

  put(key: string, sourceDir: string, description: string, options?: PutOptions): Promise<CacheHit> {
    return this.#inner.put(key, sourceDir, description, options);
  }

  invalidate(key: string): Promise<boolean> {
    return this.#inner.invalidate(key);
  }

  prune(options: PruneOptions): Promise<PruneReport> {
    return this.#inner.prune(options);
  }

  list(): AsyncIterable<CacheEntry> {
    return this.#inner.list();
  }

  stats(): Promise<CacheStats> {
    return this.#inner.stats();
  }

  async lockBuild(key: string, options?: { signal?: AbortSignal | undefined }): Promise<BuildLock> {
    const lock = await this.#inner.lockBuild?.(key, options);
    const release = async (): Promise<void> => await lock?.release();
    return lock ?? { release, [Symbol.asyncDispose]: release };
  }

  async close(): Promise<void> {
    await this.#shared[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What is said about a tree beside it is not looked at: how many entries it has, and when it is to go. */
function withoutClaims(hit: CacheHit): CacheHit {
  const { tags: _tags, expiresAtMs: _expires, ...entry } = hit.entry;
  return { path: hit.path, entry, tier: hit.tier, release: () => hit.release(), [Symbol.asyncDispose]: () => hit.release() };
}
