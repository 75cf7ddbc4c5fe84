import type { PriorityHeap } from './priority-heap.ts';
import { priorityAt } from './priority.ts';

/**
 * Finds the entries that must leave for a newcomer, before anything is changed: lowest priority
 * first, until enough bytes are free, and none whose priority is not below the newcomer's.
 *
 * What the search took off the heap is put back by `cancel`; `commit` leaves the victims out.
 */
export class Victims {
  /** How many the last search chose, and which: the first of `slots`, lowest priority first. */
  count = 0;
  readonly slots: number[] = [];
  // What was taken off the heap. Only counted back, never shortened: that would free and allocate each time.
  #taken = 0;
  readonly #slots: number[] = [];
  readonly #closeness: number[] = [];
  readonly #expiresMs: number[] = [];
  /** Priorities of what was taken; infinite for what may not be chosen, or was. */
  readonly #values: number[] = [];
  readonly #chosen: boolean[] = [];

  /**
   * @param neededBytes how much must become free, above 0.
   * @param newcomer the newcomer's priority at `nowMs`.
   * @param exceptSlot the entry that the newcomer replaces, or -1: its bytes are not counted here.
   * @returns whether the newcomer may come in. Call `commit` or `cancel` after either answer.
   */
  select(heap: PriorityHeap, nowMs: number, neededBytes: number, newcomer: number, exceptSlot: number, bytesOf: (slot: number) => number): boolean {
    this.count = 0;
    heap.advance(nowMs);
    let freedBytes = 0;
    while (freedBytes < neededBytes) {
      let least = this.#least();
      // A bound not below the least value seen, or not below the newcomer, hides nothing that could be chosen.
      while (heap.size > 0 && heap.boundAt(0) < Math.min(newcomer, least < 0 ? Infinity : this.#values[least]!)) {
        const at = this.#take(heap, nowMs, exceptSlot);
        if (least < 0 || this.#values[at]! < this.#values[least]!) least = at;
      }
      if (least < 0 || this.#values[least]! >= newcomer) return false;
      const slot = this.#slots[least]!;
      this.#chosen[least] = true;
      this.#values[least] = Infinity;
      this.slots[this.count++] = slot;
      freedBytes += bytesOf(slot);
    }
    return true;
  }

  /** Puts back all but the victims. */
  commit(heap: PriorityHeap, nowMs: number): void {
    heap.reportWaste(this.#putBack(heap, true), nowMs);
  }

  /** Puts back everything: nothing has changed. */
  cancel(heap: PriorityHeap, nowMs: number): void {
    // A refusal has to look at one entry at least.
    heap.reportWaste(this.#putBack(heap, false) - 1, nowMs);
  }

  #take(heap: PriorityHeap, nowMs: number, exceptSlot: number): number {
    const at = this.#taken++;
    const slot = heap.slotAt(0);
    const closeness = heap.closenessAt(0);
    const expiresMs = heap.expiresAt(0);
    heap.pop();
    this.#slots[at] = slot;
    this.#closeness[at] = closeness;
    this.#expiresMs[at] = expiresMs;
    this.#values[at] = slot === exceptSlot ? Infinity : priorityAt(closeness, expiresMs, nowMs);
    this.#chosen[at] = false;
    return at;
  }

  #least(): number {
    let least = -1;
    let value = Infinity;
    for (let at = 0; at < this.#taken; at++) {
      if (this.#values[at]! >= value) continue;
      least = at;
      value = this.#values[at]!;
    }
    return least;
  }

  #putBack(heap: PriorityHeap, exceptVictims: boolean): number {
    let put = 0;
    for (let at = 0; at < this.#taken; at++) {
      if (exceptVictims && this.#chosen[at]!) continue;
      heap.push(this.#slots[at]!, this.#closeness[at]!, this.#expiresMs[at]!);
      put++;
    }
    this.#taken = 0;
    return put;
  }
}
