import type { TraceClock } from '@p2p/trace-noop';
import { FLAG_TRUNCATED } from './event-layout.ts';
import { isTime, nearestTime } from './field-limits.ts';

/**
 * A clock that writes into a slot itself: a number that is returned from a call which V8 did not inline becomes
 * an object of 16 bytes. It never throws.
 */
export interface StampClock extends TraceClock {
  /** Puts Unix µs at `at` of `into`. Gives 0, or `FLAG_TRUNCATED` where that is not what the clock said. */
  stamp(into: Float64Array, at: number): number;
}

/** A clock from outside. Where it fails, the time that it told last stands for what it cannot tell. */
export class GivenClock implements StampClock {
  readonly #clock: TraceClock;
  #lastUs = 0;

  constructor(clock: TraceClock) {
    this.#clock = clock;
  }

  nowUs(): number {
    this.#read();
    return this.#lastUs;
  }

  stamp(into: Float64Array, at: number): number {
    const flags = this.#read();
    into[at] = this.#lastUs;
    return flags;
  }

  #read(): number {
    let timeUs: unknown;
    try {
      timeUs = this.#clock.nowUs();
    } catch {
      // A writer never throws because of its clock: the event says so.
      return FLAG_TRUNCATED;
    }
    if (isTime(timeUs)) {
      this.#lastUs = timeUs;
      return 0;
    }
    this.#lastUs = nearestTime(timeUs, this.#lastUs);
    return FLAG_TRUNCATED;
  }
}
