import type { TraceClock } from '@p2p/trace-noop';

/**
 * A clock that writes into a slot itself: a number that is returned from a call which V8 did not inline becomes
 * an object of 16 bytes.
 */
export interface StampClock extends TraceClock {
  /** Puts Unix µs at `at` of `into`. */
  stamp(into: Float64Array, at: number): void;
}

/** A clock from outside. */
export class GivenClock implements StampClock {
  readonly #clock: TraceClock;

  constructor(clock: TraceClock) {
    this.#clock = clock;
  }

  nowUs(): number {
    return this.#clock.nowUs();
  }

  stamp(into: Float64Array, at: number): void {
    into[at] = this.#clock.nowUs();
  }
}
