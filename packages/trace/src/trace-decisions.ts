import { hashA } from './id-hash.ts';
import type { LiveContext } from './live-context.ts';

/** Decisions that are remembered: a power of two. */
export const REMEMBERED_DECISIONS = 2048;
const MASK: number = REMEMBERED_DECISIONS - 1;
/** Words of id, decision, and the number of the entry before in the same chain. */
const ENTRY_WORDS = 6;

/**
 * Exactly the last decisions about traces, in fixed memory. A ring with chains through it, as in a lane's index: an entry
 * that was overwritten ends its chain. Whoever chooses ids makes a chain long, which costs some µs, but pushes nothing out.
 */
export class TraceDecisions {
  readonly #entries = new Int32Array(REMEMBERED_DECISIONS * ENTRY_WORDS);
  /** Number of the newest entry of a chain; entries are numbered from 1 on. */
  readonly #heads = new Int32Array(REMEMBERED_DECISIONS);
  #count = 0;

  /** The decision about a trace; undefined: none is remembered. */
  get({ t0, t1, t2, t3 }: LiveContext): boolean | undefined {
    const entries = this.#entries;
    let number = this.#heads[hashA(t0, t1, t2, t3) & MASK]!;
    // Numbers go round 2³²: at most so many steps, whatever is in an entry.
    for (let steps = 0; number !== 0 && ((this.#count - number) >>> 0) < REMEMBERED_DECISIONS && steps < REMEMBERED_DECISIONS; steps += 1) {
      const at = (number & MASK) * ENTRY_WORDS;
      if (entries[at] === t0 && entries[at + 1] === t1 && entries[at + 2] === t2 && entries[at + 3] === t3) return entries[at + 4] === 1;
      number = entries[at + 5]!;
    }
    return undefined;
  }

  /** Takes the place of the oldest. */
  add({ t0, t1, t2, t3 }: LiveContext, sampled: boolean): void {
    const entries = this.#entries;
    const chain = hashA(t0, t1, t2, t3) & MASK;
    this.#count = (this.#count + 1) | 0 || 1;
    const at = (this.#count & MASK) * ENTRY_WORDS;
    entries[at] = t0;
    entries[at + 1] = t1;
    entries[at + 2] = t2;
    entries[at + 3] = t3;
    entries[at + 4] = sampled ? 1 : 0;
    entries[at + 5] = this.#heads[chain]!;
    this.#heads[chain] = this.#count;
  }
}
