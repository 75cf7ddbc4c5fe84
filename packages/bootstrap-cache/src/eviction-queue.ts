import { BoundedHeap } from './bounded-heap.ts';
import { type CacheState, isPromising, isProven, refreshScores } from './cache-state.ts';

/** Victims found by one pass over all peers. */
const BATCH = 512;
/** A pass is repeated after this long even if victims are left. */
const BATCH_VALID_MS = 60_000;
/** What each doubling of a network's peers costs its members. */
const CROWDING_COST = 0.05;

/** What a peer is worth keeping: its score, less when its network has many others. */
export function keepingValue(state: CacheState, slot: number): number {
  return state.table.columns.score[slot]! - crowdingCost(state, slot);
}

/** What the others of its network cost a peer, by their number. */
export function crowdingCost(state: CacheState, slot: number): number {
  const network = state.table.columns.network[slot]!;
  const crowd = network === 0 ? 1 : state.ledger.countOf(network);
  // Most peers have a network to themselves: no logarithm for them.
  return crowd === 1 ? 0 : CROWDING_COST * Math.log2(crowd);
}

/** Hands out the peers least worth keeping; one pass over the table serves many newcomers, so that a flood stays cheap. */
export class EvictionQueue {
  readonly #state: CacheState;
  #ids: string[] = [];
  #foundAt = 0;
  #foundNobody = false;
  #isShortOfProven = true;

  constructor(state: CacheState) {
    this.#state = state;
  }

  /**
   * The slot of the worst peer that may go, other than `except`; undefined when none may. Seeds and
   * proven peers stay. While fewer than `minKeep` are proven, as after months offline or under a wrong
   * clock, those that once answered stay too, until three dials in a row have failed.
   */
  worst(except: string, now: number): number | undefined {
    const age = now - this.#foundAt;
    const isOld = age < 0 || age > BATCH_VALID_MS;
    if (isOld) this.#ids = [];
    // A pass that found nobody is not repeated for every newcomer.
    const passes = this.#foundNobody && !isOld ? 1 : 2;
    for (let pass = 0; pass < passes; pass++) {
      for (let id = this.#ids.at(-1); id !== undefined; id = this.#ids.at(-1)) {
        const slot = this.#state.table.slotOf(id);
        if (slot !== undefined && id !== except && this.#mayGo(slot, now)) return slot;
        this.#ids.pop();
      }
      if (pass + 1 < passes) this.#find(except, now);
    }
    return undefined;
  }

  /** The slot of the worst peer that is not a seed: what a new seed may push out. */
  worstNonSeed(except: string): number | undefined {
    const { columns, ids, size } = this.#state.table;
    let worst: number | undefined;
    for (let slot = 0; slot < size; slot++) {
      if (columns.isSeed[slot] === 1 || ids[slot] === except) continue;
      if (worst === undefined || columns.score[slot]! < columns.score[worst]!) worst = slot;
    }
    return worst;
  }

  #mayGo(slot: number, now: number): boolean {
    if (this.#state.table.columns.isSeed[slot] === 1 || isProven(this.#state, slot, now)) return false;
    return !this.#isShortOfProven || !isPromising(this.#state, slot);
  }

  #find(except: string, now: number): void {
    const state = this.#state;
    refreshScores(state, now);
    const { ids, size } = state.table;
    let proven = 0;
    for (let slot = 0; slot < size; slot++) if (isProven(state, slot, now)) proven += 1;
    this.#isShortOfProven = proven < state.settings.minKeep;
    const heap = new BoundedHeap(BATCH);
    for (let slot = 0; slot < size; slot++) {
      if (this.#mayGo(slot, now) && ids[slot] !== except) heap.offer(slot, -keepingValue(state, slot));
    }
    // The worst last, where it is cheap to take.
    this.#ids = Array.from(heap.drain(), (slot) => ids[slot]!).toReversed();
    this.#foundNobody = this.#ids.length === 0;
    this.#foundAt = now;
  }
}
