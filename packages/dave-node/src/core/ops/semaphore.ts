import { onAbort } from '../on-abort.ts';

interface Waiter {
  resolve(): void;
  readonly dispose: () => void;
}

/** At most `limit` at a time; the others wait in order. */
export class Semaphore {
  readonly #waiters = new Set<Waiter>();
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes a place if one is free, without waiting. */
  tryAcquire(): boolean {
    if (this.#free <= 0 || this.#waiters.size > 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Waits for a place. Rejects with the signal's reason. Each place is given back with one `release`. */
  acquire(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.tryAcquire()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const withdraw = onAbort(signal, () => {
        this.#waiters.delete(waiter);
        reject(signal.reason as Error);
      });
      const waiter: Waiter = { resolve, dispose: withdraw };
      this.#waiters.add(waiter);
    });
  }

  release(): void {
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      waiter.dispose();
      waiter.resolve();
      return;
    }
    this.#free += 1;
  }
}
