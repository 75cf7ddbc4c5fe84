/** Every event of a cache and what its listeners get. */
export interface CacheEvents {
  /** A peer was added, changed or removed by a call; outcomes of dials are reported too. */
  updated: { readonly type: 'updated'; readonly id: string; readonly change: 'added' | 'changed' | 'removed' };
  /** A file was written. */
  saved: { readonly type: 'saved'; readonly peers: number; readonly bytes: number };
  /** Another process's peers or removals were taken over during a save. */
  merged: { readonly type: 'merged'; readonly added: number; readonly removed: number };
  /** Cleanup dropped peers. */
  cleaned: { readonly type: 'cleaned'; readonly removed: number };
  /** A file or single entries of it were not usable. `path` is where the file is now. */
  quarantined: {
    readonly type: 'quarantined';
    readonly what: 'file' | 'entries';
    readonly reason: string;
    readonly path: string;
    readonly entries: number;
  };
  /** The directory cannot be used; the cache goes on in memory. Once per cache. */
  degraded: { readonly type: 'degraded'; readonly error: Error };
}

/** Any event of a cache; `type` tells which. */
export type CacheEvent = CacheEvents[keyof CacheEvents];

/** The names of the events. */
export type CacheEventType = keyof CacheEvents;

type Listener = (event: never) => void;

/** Every type of event; the type says whether one is missing. */
const TYPES: Readonly<Record<CacheEventType, true>> = { updated: true, saved: true, merged: true, cleaned: true, quarantined: true, degraded: true };

/** Typed events. A listener that throws stops neither the others nor the cache: its error is thrown in a task of its own. */
export class CacheEmitter {
  readonly #listeners = new Map<CacheEventType, Set<Listener>>();

  on<K extends CacheEventType>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    if (!Object.hasOwn(TYPES, type)) throw new TypeError(`there is no event '${type}'; there are ${Object.keys(TYPES).join(', ')}`);
    if (typeof listener !== 'function') throw new TypeError(`a listener for '${type}' must be a function`);
    const signal = options?.signal;
    if (signal?.aborted === true) return { [Symbol.dispose]: (): void => {} };
    let set = this.#listeners.get(type);
    if (set === undefined) this.#listeners.set(type, (set = new Set()));
    // A wrapper, so that one function may listen twice and each is disposed of by itself.
    const own: Listener = (event) => listener(event);
    const added = set;
    added.add(own);
    const dispose = (): void => {
      added.delete(own);
      signal?.removeEventListener('abort', dispose);
    };
    signal?.addEventListener('abort', dispose, { once: true });
    return { [Symbol.dispose]: dispose };
  }

  /** True when somebody listens; lets hot paths skip building the event. */
  has(type: CacheEventType): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0;
  }

  emit(event: CacheEvent): void {
    const set = this.#listeners.get(event.type);
    if (set === undefined) return;
    for (const listener of Array.from(set)) {
      try {
        (listener as (event: CacheEvent) => void)(event);
      } catch (error) {
        // Rethrown where no save or selection is under way, so that it reaches the process like any other bug.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
