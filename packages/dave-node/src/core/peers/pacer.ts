/**
 * Spaces events out: at most `perSecond` in the long run, `burst` at once. It hands out times
 * instead of refusals (the generic cell rate algorithm), so whoever waits wakes once.
 */
export class Pacer {
  readonly #gapMs: number;
  readonly #slackMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#gapMs = 1000 / perSecond;
    this.#slackMs = (burst - 1) * this.#gapMs;
  }

  /** When the next event may happen, `nowMs` at the earliest. */
  earliest(nowMs: number): number {
    return Math.max(nowMs, this.#nextMs - this.#slackMs);
  }

  /** Books an event at `atMs`. */
  book(atMs: number): void {
    this.#nextMs = Math.max(this.#nextMs, atMs) + this.#gapMs;
  }

  /** True when nothing booked matters any more. */
  idle(nowMs: number): boolean {
    return this.#nextMs <= nowMs;
  }
}
