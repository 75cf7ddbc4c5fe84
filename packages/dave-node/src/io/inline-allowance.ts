/** Share of the loop's time that may go into verification while threads are idle. */
const SHARE = 0.5;
/** Saved up at most: four verifications in a row. */
const MOST_SAVED_MS = 0.25;
/** A signature backend slower than this is never worth the loop's time: waking a thread costs less. */
const MOST_COST_MS = 0.25;
/** The first runs are slow for reasons of their own. */
const TRIAL_RUNS = 8;

/**
 * Decides whether a dat may be verified on the event loop: a budget of half the time that passes, so
 * a lone read is answered without a thread's two wake-ups (measured: 0.11 against 0.18 ms in the
 * median), and a flood goes to the threads after the first few.
 */
export class InlineAllowance {
  readonly #now: () => number;
  #savedMs = MOST_SAVED_MS;
  #startedMs = 0;
  #cheapestMs = Number.POSITIVE_INFINITY;
  #runs = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether to go ahead; call `spent` afterwards if so. */
  granted(): boolean {
    if (this.#runs >= TRIAL_RUNS && this.#cheapestMs > MOST_COST_MS) return false;
    const now = this.#now();
    this.#savedMs = Math.min(MOST_SAVED_MS, this.#savedMs + SHARE * (now - this.#startedMs));
    this.#startedMs = now;
    return this.#savedMs > 0;
  }

  spent(): void {
    const costMs = this.#now() - this.#startedMs;
    this.#runs += 1;
    this.#cheapestMs = Math.min(this.#cheapestMs, costMs);
    this.#savedMs -= costMs;
  }
}
