import type { TraceClock } from '@p2p/trace-noop';
import { CONTEXT_FLAGS, FLAG_DEBUG, FLAG_SAMPLED } from './event-layout.ts';
import type { LiveContext } from './live-context.ts';

/** Traces whose decision is remembered: 4 words of id and the decision each. */
const REMEMBERED = 1024;
const ENTRY_WORDS = 5;
const REFUSED = 1;
const ACCEPTED = 2;

/**
 * Decides once per trace whether a remote peer's wish to sample is honoured: a bucket of one second's worth of
 * traces, and a fixed table of recent decisions, in which a newer trace takes an older one's place.
 */
export class RemoteSampling {
  readonly #clock: TraceClock;
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #decisions = new Int32Array(REMEMBERED * ENTRY_WORDS);
  #tokens: number;
  #refilledUs: number;

  constructor(clock: TraceClock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#capacity = perSecond === 0 ? 0 : Math.max(1, perSecond);
    this.#tokens = this.#capacity;
    this.#refilledUs = clock.nowUs();
  }

  /** The flags under which a remote trace goes on here. */
  flagsOf(context: LiveContext): number {
    const wanted = context.flags & CONTEXT_FLAGS;
    if ((wanted & FLAG_SAMPLED) === 0) return wanted;
    return this.#accepts(context) ? wanted : wanted & ~(FLAG_SAMPLED | FLAG_DEBUG);
  }

  #accepts({ t0, t1, t2, t3 }: LiveContext): boolean {
    const decisions = this.#decisions;
    const at = (((t0 ^ t1 ^ t2 ^ t3) >>> 0) % REMEMBERED) * ENTRY_WORDS;
    const known = decisions[at + 4] !== 0 && decisions[at] === t0 && decisions[at + 1] === t1 && decisions[at + 2] === t2 && decisions[at + 3] === t3;
    if (known) return decisions[at + 4] === ACCEPTED;
    const accepted = this.#takeToken();
    decisions.set([t0, t1, t2, t3, accepted ? ACCEPTED : REFUSED], at);
    return accepted;
  }

  #takeToken(): boolean {
    const now = this.#clock.nowUs();
    // A clock that was set back gives nothing for the step, and counts from where it is now.
    const elapsedUs = Math.max(0, now - this.#refilledUs);
    this.#refilledUs = now;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedUs / 1e6) * this.#perSecond);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
