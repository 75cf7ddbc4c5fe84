import type { TraceRandom } from '@p2p/trace-noop';
import type { StampClock } from '../stamp-clock.ts';

/** The global is an accessor in Node, and asking it each time costs 6 ns. */
const { performance } = globalThis;

/** The wall clock is looked at this often, in case it was set or the machine slept. */
const RECHECK_MS = 1000;
/** A difference below this is the wall clock's own resolution. */
const STEP_US = 20_000;

/** Unix µs with the resolution of `performance.now()`, which costs less than half of what asking both would. */
export class PreciseClock implements StampClock {
  #baseUs: number = performance.timeOrigin * 1000;
  #recheckMs = 0;

  nowUs(): number {
    const elapsedMs = performance.now();
    if (elapsedMs >= this.#recheckMs) this.#recheck(elapsedMs);
    return this.#baseUs + elapsedMs * 1000;
  }

  stamp(into: Float64Array, at: number): 0 {
    const elapsedMs = performance.now();
    if (elapsedMs >= this.#recheckMs) this.#recheck(elapsedMs);
    into[at] = this.#baseUs + elapsedMs * 1000;
    return 0;
  }

  #recheck(elapsedMs: number): void {
    this.#recheckMs = elapsedMs + RECHECK_MS;
    const wallUs = Date.now() * 1000;
    if (Math.abs(wallUs - (this.#baseUs + elapsedMs * 1000)) > STEP_US) this.#baseUs = wallUs - elapsedMs * 1000;
  }
}

const READINGS = 32;

/** One reading of the clock for up to 32 events, and for about a millisecond at most unless the event loop is blocked. */
export class CoarseClock implements StampClock {
  readonly #precise = new PreciseClock();
  readonly #reading = new Float64Array(1);
  #left = 0;
  #armed = false;

  nowUs(): number {
    this.stamp(this.#reading, 0);
    return this.#reading[0]!;
  }

  stamp(into: Float64Array, at: number): 0 {
    this.#left -= 1;
    if (this.#left < 0) this.#read();
    into[at] = this.#reading[0]!;
    return 0;
  }

  #read(): void {
    this.#precise.stamp(this.#reading, 0);
    this.#left = READINGS - 1;
    if (!this.#armed) this.#arm();
  }

  #arm(): void {
    this.#armed = true;
    const timer: unknown = setTimeout(() => {
      this.#armed = false;
      this.#left = 0;
    }, 1);
    // Browsers give a number. Elsewhere no program waits for its tracer.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref();
  }
}

export const systemRandom: TraceRandom = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
