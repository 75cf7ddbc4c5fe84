import type { CacheBackend, LocalCacheOptions } from '@p2p/cache-backend';

/** A cache that several machines share. Disposing of it ends its connections, too. */
export interface SharedCache extends AsyncDisposable {
  readonly tier: 'redis' | 's3';
  /** Where it is, for people: without passwords. */
  readonly place: string;
  readonly backend: CacheBackend;
}

/** What this machine has beside a shared cache: a directory for the copies that it works on, and their limits. */
export interface LocalSide {
  readonly dir: string;
  readonly localLimits: LocalCacheOptions['limits'];
}

/** A shared cache that has not been asked anything yet. */
export interface SharedEngine {
  /** Waits for a first answer of all its servers. */
  connect(): Promise<void>;
  /** Once it is connected. */
  open(): Promise<CacheBackend>;
  /** Ends its connections; what waits for an answer fails at once. May be called twice. */
  end(): void;
  /** What has to be put right, for people, when a failure of these will not pass by itself. */
  refusal(error: unknown): string | undefined;
}
