import type { TraceClock } from '@p2p/trace-noop';
import { CONTEXT_FLAGS, FLAG_DEBUG, FLAG_SAMPLED } from './event-layout.ts';
import { hashA } from './id-hash.ts';
import type { LiveContext } from './live-context.ts';

/** Decisions are remembered in sets of 8 traces: 4 words of id and the decision each. */
const SETS = 256;
const SET_ENTRIES = 8;
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
  readonly #decisions = new Int32Array(SETS * SET_ENTRIES * ENTRY_WORDS);
  /** Which entry of a set is overwritten next. */
  readonly #oldest = new Uint8Array(SETS);
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
    const set = (hashA(t0, t1, t2, t3) >>> 0) % SETS;
    const start = set * SET_ENTRIES * ENTRY_WORDS;
    for (let at = start; at < start + SET_ENTRIES * ENTRY_WORDS; at += ENTRY_WORDS) {
      const known = decisions[at] === t0 && decisions[at + 1] === t1 && decisions[at + 2] === t2 && decisions[at + 3] === t3;
      if (known && decisions[at + 4] !== 0) return decisions[at + 4] === ACCEPTED;
    }
    const accepted = this.#takeToken();
    const oldest = this.#oldest[set]!;
    decisions.set([t0, t1, t2, t3, accepted ? ACCEPTED : REFUSED], start + oldest * ENTRY_WORDS);
    this.#oldest[set] = (oldest + 1) % SET_ENTRIES;
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
