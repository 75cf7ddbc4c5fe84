import { withSeedJson } from '../schemas.ts';
import type { CacheEntry, CacheHit } from '../types.ts';
import type { StoreHit } from './store/store.ts';

/** A leased tree of a local cache. */
export class LocalHit implements CacheHit {
  readonly path: string;
  readonly entry: CacheEntry;
  readonly tier = 'local';
  #give: (() => Promise<void>) | undefined;

  constructor(stored: StoreHit, give: () => Promise<void>) {
    this.path = stored.path;
    this.entry = withSeedJson(stored.entry);
    this.#give = give;
  }

  async release(): Promise<void> {
    const give = this.#give;
    this.#give = undefined;
    await give?.();
  }

  /** The cache is closed, its leases are gone. */
  forget(): void {
    this.#give = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
