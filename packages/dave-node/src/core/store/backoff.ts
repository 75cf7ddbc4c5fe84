const FIRST_MS = 100;
const MOST_MS = 10_000;

/** Delays between attempts: 100 ms, doubling up to 10 s, each shortened at random by up to a half. */
export class Backoff {
  readonly #randomFloat: () => number;
  #failures = 0;

  constructor(randomFloat: () => number) {
    this.#randomFloat = randomFloat;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Counts a failure and says how long to wait. */
  nextMs(): number {
    const wholeMs = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(this.#failures++, 16));
    return wholeMs * (1 - this.#randomFloat() / 2);
  }
}
