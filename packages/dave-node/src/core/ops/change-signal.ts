import { onAbort } from '../on-abort.ts';

/** Lets several wait for the next change of something. */
export class ChangeSignal {
  #listeners = new Set<() => void>();

  /** Resolves at the next `notify`. Rejects with the signal's reason when it aborts first. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const withdraw = onAbort(signal, () => {
        this.#listeners.delete(onChange);
        reject(signal.reason as Error);
      });
      const onChange = (): void => {
        withdraw();
        resolve();
      };
      this.#listeners.add(onChange);
    });
  }

  /** Costs nothing when nobody waits. */
  notify(): void {
    if (this.#listeners.size === 0) return;
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }
}
