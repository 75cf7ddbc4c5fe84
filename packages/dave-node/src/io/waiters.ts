/** Promises that wait for one thing, each with its own signal. */
export class Waiters {
  readonly #waiting = new Set<{ resolve(): void; reject(reason: unknown): void }>();

  /** Rejects with `signal.reason` when that aborts first. */
  add(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const settle = (act: () => void): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = (): void => settle(() => reject(signal.reason));
      const waiter = {
        resolve: (): void => settle(resolve),
        reject: (reason: unknown): void => settle(() => reject(reason)),
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort);
    });
  }

  resolveAll(): void {
    for (const waiter of this.#waiting) waiter.resolve();
  }

  rejectAll(reason: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(reason);
  }
}
