import type { Clock, Timer } from '../env.ts';

/** Entries looked at in one go: a few hundred microseconds. */
const SLICE = 512;

/** Removes expired entries all the time, a slice at a time. */
export class Sweeper {
  readonly #clock: Clock;
  readonly #sweep: (limit: number, nowMs: number) => number;
  readonly #intervalMs: number;
  #timer: Timer | undefined = undefined;

  /** @param sweep removes at most `limit` expired entries and says how many it removed. */
  constructor(clock: Clock, intervalMs: number, sweep: (limit: number, nowMs: number) => number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#sweep = sweep;
  }

  start(): void {
    this.#schedule(this.#intervalMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => {
      // A full slice means that there may be more: go on at once, but let others run first.
      const removed = this.#sweep(SLICE, this.#clock.now());
      this.#schedule(removed === SLICE ? 0 : this.#intervalMs);
    });
  }
}
