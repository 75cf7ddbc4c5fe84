import type { PriorityHeap } from './priority-heap.ts';
import { priorityAt } from './priority.ts';

/**
 * Finds the entries that must leave for a newcomer, before anything is changed: lowest priority
 * first, until enough bytes are free, and none whose priority is not below the newcomer's.
 *
 * What the search took off the heap is put back by `cancel`; `commit` leaves the victims out.
 */
export class Victims {
  /** Of the last search that succeeded, lowest priority first. */
  readonly slots: number[] = [];
  readonly #taken: number[] = [];
  readonly #closeness: number[] = [];
  readonly #expiresMs: number[] = [];
  /** Priorities of what was taken; infinite for what may not be chosen, or was. */
  readonly #values: number[] = [];
  readonly #chosen = new Set<number>();

  /**
   * @param neededBytes how much must become free, above 0.
   * @param newcomer the newcomer's priority at `nowMs`.
   * @param exceptSlot the entry that the newcomer replaces, or -1: its bytes are not counted here.
   * @returns whether the newcomer may come in. Call `commit` or `cancel` after either answer.
   */
  select(heap: PriorityHeap, nowMs: number, neededBytes: number, newcomer: number, exceptSlot: number, bytesOf: (slot: number) => number): boolean {
    this.slots.length = 0;
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
      const slot = this.#taken[least]!;
      this.#values[least] = Infinity;
      this.#chosen.add(least);
      this.slots.push(slot);
      freedBytes += bytesOf(slot);
    }
    return true;
  }

  /** Puts back all but the victims. */
  commit(heap: PriorityHeap, nowMs: number): void {
    this.#putBack(heap, nowMs, true);
  }

  /** Puts back everything: nothing has changed. */
  cancel(heap: PriorityHeap, nowMs: number): void {
    this.#putBack(heap, nowMs, false);
  }

  #take(heap: PriorityHeap, nowMs: number, exceptSlot: number): number {
    const slot = heap.slotAt(0);
    const closeness = heap.closenessAt(0);
    const expiresMs = heap.expiresAt(0);
    heap.pop();
    this.#taken.push(slot);
    this.#closeness.push(closeness);
    this.#expiresMs.push(expiresMs);
    return this.#values.push(slot === exceptSlot ? Infinity : priorityAt(closeness, expiresMs, nowMs)) - 1;
  }

  #least(): number {
    let least = -1;
    for (let at = 0; at < this.#values.length; at++) {
      if (this.#values[at]! < (least < 0 ? Infinity : this.#values[least]!)) least = at;
    }
    return least;
  }

  #putBack(heap: PriorityHeap, nowMs: number, exceptVictims: boolean): void {
    let put = 0;
    for (let at = 0; at < this.#taken.length; at++) {
      if (exceptVictims && this.#chosen.has(at)) continue;
      heap.push(this.#taken[at]!, this.#closeness[at]!, this.#expiresMs[at]!);
      put++;
    }
    this.#taken.length = 0;
    this.#closeness.length = 0;
    this.#expiresMs.length = 0;
    this.#values.length = 0;
    this.#chosen.clear();
    // A refusal has to look at one entry at least.
    heap.reportWaste(exceptVictims ? put : put - 1, nowMs);
  }
}
