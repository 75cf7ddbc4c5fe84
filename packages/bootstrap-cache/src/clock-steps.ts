import type { CacheState } from './cache-state.ts';

/** Clocks are corrected by less than this all the time; it needs no treatment. */
const TOLERANCE_MS = 60_000;

/** Watches a clock for being set back. */
export class ClockWatch {
  readonly #state: CacheState;
  #latest = 0;

  constructor(state: CacheState) {
    this.#state = state;
  }

  /** The time. When the clock was set back, what it marked meanwhile counts as marked now, so that it ages like the rest. */
  now(): number {
    const now = this.#state.settings.clock.now();
    if (now < this.#latest - TOLERANCE_MS) {
      for (let slot = 0; slot < this.#state.table.size; slot++) endFuture(this.#state, slot, now);
      this.#latest = now;
    } else if (now > this.#latest) this.#latest = now;
    return now;
  }
}

/** Brings a row's times that lie ahead of `now` back to it. */
export function endFuture(state: CacheState, slot: number, now: number): void {
  const c = state.table.columns;
  for (const column of [c.firstSeenAt, c.lastSeenAt, c.lastAttemptAt, c.lastSuccessAt, c.evidenceAt, c.relaySeenAt, c.coordinationSeenAt, c.dualStackSeenAt, c.natSeenAt, c.globalReachAt]) {
    if (column[slot]! > now) column[slot] = now;
  }
  for (const address of state.table.addresses[slot]!) if (address.verifiedAt > now) address.verifiedAt = now;
}
