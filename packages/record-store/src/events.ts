import type { RejectReason } from './types.ts';

/** Every event of a store and what its listeners get. */
export interface StoreEvents {
  /** An entry went to make room: it was expired, or a full key's policy replaced it. */
  evicted: { readonly type: 'evicted'; readonly key: Uint8Array; readonly provider: Uint8Array | undefined; readonly why: 'expired' | 'replaced' };
  /** A put or add was refused. */
  rejected: { readonly type: 'rejected'; readonly key: Uint8Array; readonly provider: Uint8Array | undefined; readonly origin: string | undefined; readonly reason: RejectReason };
  /** A sweep ended. */
  swept: { readonly type: 'swept'; readonly records: number; readonly providers: number; readonly bytes: number };
  /** Remote entries have passed nine tenths of a limit; again only after falling below eight tenths. */
  'capacity-high': { readonly type: 'capacity-high'; readonly resource: 'records' | 'bytes' | 'provided-keys'; readonly used: number; readonly limit: number };
}

/** Any event of a store; `type` tells which. */
export type StoreEvent = StoreEvents[keyof StoreEvents];

/** The names of the events. */
export type StoreEventType = keyof StoreEvents;

type Listener = (event: never) => void;

/** Typed events. A listener that throws stops neither the others nor the store: its error is thrown in a task of its own. */
export class StoreEmitter {
  readonly #listeners = new Map<StoreEventType, Set<Listener>>();

  on<K extends StoreEventType>(type: K, listener: (event: StoreEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
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
  has(type: StoreEventType): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0;
  }

  emit(event: StoreEvent): void {
    const set = this.#listeners.get(event.type);
    if (set === undefined) return;
    for (const listener of Array.from(set)) {
      try {
        (listener as (event: StoreEvent) => void)(event);
      } catch (error) {
        // Rethrown where no write is under way, so that it reaches the process like any other bug.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
