import type { Clock, Timer } from '../../env.ts';
import { NodeError } from '../../errors.ts';
import { assertTimeout } from '../assert-timeout.ts';
import { onAbort } from '../on-abort.ts';

/**
 * A bound on one wait: its signal aborts when the time is up, or as soon as one of the parents does
 * and with that parent's reason. Dispose of it when the wait is over, or its timer lives on.
 */
export class Deadline implements Disposable {
  readonly endsAtMs: number;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  #withdraw: readonly (() => void)[] = [];
  #timer: Timer | undefined;
  #timedOut = false;

  constructor(clock: Clock, timeoutMs: number, ...parents: readonly (AbortSignal | undefined)[]) {
    assertTimeout(timeoutMs);
    this.#clock = clock;
    this.endsAtMs = clock.monotonic() + timeoutMs;
    const present = parents.filter((parent) => parent !== undefined);
    const aborted = present.find((parent) => parent.aborted);
    if (aborted !== undefined) {
      this.#end(aborted.reason);
      return;
    }
    this.#timer = clock.setTimer(timeoutMs, () => {
      this.#timedOut = true;
      this.#end(new NodeError('NODE_TIMEOUT', `nothing decisive within ${timeoutMs} ms: allow more with timeoutMs`));
    });
    this.#withdraw = present.map((parent) => onAbort(parent, () => this.#end(parent.reason)));
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
    for (const withdraw of this.#withdraw) withdraw();
    this.#withdraw = [];
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
    const timer = clock.setTimer(delayMs, () => {
      withdraw();
      resolve();
    });
    const withdraw = onAbort(signal, () => {
      timer.cancel();
      reject(signal.reason as Error);
    });
  });
}
