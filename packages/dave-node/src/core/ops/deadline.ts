import type { Clock, Timer } from '../../env.ts';
import { NodeError } from '../../errors.ts';

/**
 * A bound on one wait: its signal aborts when the time is up, or as soon as one of the parents does
 * and with that parent's reason. Dispose of it when the wait is over, or its timer lives on.
 */
export class Deadline implements Disposable {
  readonly endsAtMs: number;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #onParent: (event: Event) => void;
  #timer: Timer | undefined;
  #timedOut = false;

  constructor(clock: Clock, timeoutMs: number, ...parents: readonly (AbortSignal | undefined)[]) {
    this.#clock = clock;
    this.endsAtMs = clock.monotonic() + timeoutMs;
    this.#parents = parents.filter((parent) => parent !== undefined);
    this.#onParent = (event): void => this.#end((event.target as AbortSignal).reason);
    for (const parent of this.#parents) {
      if (parent.aborted) {
        this.#end(parent.reason);
        return;
      }
      parent.addEventListener('abort', this.#onParent, { once: true });
    }
    this.#timer = clock.setTimer(timeoutMs, () => {
      this.#timedOut = true;
      this.#end(new NodeError('NODE_TIMEOUT', `nothing decisive within ${timeoutMs} ms: allow more with timeoutMs`));
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True when time ended it, not a parent. */
  get timedOut(): boolean {
    return this.#timedOut;
  }

  get remainingMs(): number {
    return Math.max(0, this.endsAtMs - this.#clock.monotonic());
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    for (const parent of this.#parents) parent.removeEventListener('abort', this.#onParent);
  }

  #end(reason: unknown): void {
    this[Symbol.dispose]();
    this.#controller.abort(reason);
  }
}

/** Waits; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
