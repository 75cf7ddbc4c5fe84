import type { EvictionReason } from './types.ts';

/** Every event of a cache and what its listeners get. */
export interface CacheEvents {
  hit: { readonly type: 'hit'; readonly key: string; readonly tier: string };
  miss: { readonly type: 'miss'; readonly key: string };
  put: { readonly type: 'put'; readonly key: string; readonly sizeBytes: number; readonly sharedBytes: number };
  evicted: { readonly type: 'evicted'; readonly key: string; readonly sizeBytes: number; readonly reason: EvictionReason };
  /** Something damaged was set aside. `key` is undefined when it could not be made out. */
  quarantined: { readonly type: 'quarantined'; readonly key: string | undefined; readonly problem: string };
  /** Leftovers of dead processes were reclaimed at open. */
  recovered: { readonly type: 'recovered'; readonly owners: number; readonly leftovers: number };
  /** A remote failed and the cache went on without it, or work in the background failed. */
  degraded: { readonly type: 'degraded'; readonly operation: string; readonly error: Error };
}

/** Any event of a cache; `type` tells which. */
export type CacheEvent = CacheEvents[keyof CacheEvents];

type Listener = (event: never) => void;

/** Typed events. A listener that throws stops neither the others nor the cache: its error is thrown in a task of its own. */
export class CacheEmitter {
  readonly #listeners = new Map<string, Set<Listener>>();

  on<K extends keyof CacheEvents>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    const signal = options?.signal;
    if (signal?.aborted === true) return { [Symbol.dispose]: (): void => {} };
    const set = this.#listeners.get(type) ?? new Set<Listener>();
    this.#listeners.set(type, set);
    // A wrapper, so that one function may listen twice and each is disposed of by itself.
    const own: Listener = (event) => listener(event);
    set.add(own);
    const dispose = (): void => {
      set.delete(own);
      signal?.removeEventListener('abort', dispose);
    };
    signal?.addEventListener('abort', dispose, { once: true });
    return { [Symbol.dispose]: dispose };
  }

  emit(event: CacheEvent): void {
    for (const listener of Array.from(this.#listeners.get(event.type) ?? [])) {
      try {
        (listener as (event: CacheEvent) => void)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
