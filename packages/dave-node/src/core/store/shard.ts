import { PriorityHeap } from './priority-heap.ts';
import { SLOT_MASK } from './record-layout.ts';
import { RefTable } from './ref-table.ts';

const NO_SLOT = 0xffff_ffff;
const LEAST_SLOTS = 4;

/**
 * One of the 256 parts of the store, each with its own capacity, table and heap, so that growing
 * or ordering one anew is a short step. Data, not a thread.
 *
 * A slot stands for an entry as long as it lives, through updates and moves in memory: scans go by
 * slots. The number of the shard's slots only falls when it is emptied.
 */
export class Shard {
  /** Accounted. */
  usedBytes = 0;
  /** From the tag of (publicKey, key) to slots. */
  readonly table: RefTable = new RefTable();
  readonly heap: PriorityHeap;
  /** Slots 0 to `slotEnd` - 1 have been used. */
  slotEnd = 0;
  /** By slot: the record's address in the slab; of a free slot: the next free one. */
  #addresses: Uint32Array = new Uint32Array(LEAST_SLOTS);
  #free: number = NO_SLOT;

  constructor(ttlMs: number) {
    this.heap = new PriorityHeap(ttlMs);
  }

  get count(): number {
    return this.heap.size;
  }

  /** False when every slot number is taken: 16.7 million entries. */
  get hasSlot(): boolean {
    return this.#free !== NO_SLOT || this.slotEnd < SLOT_MASK;
  }

  address(slot: number): number {
    return this.#addresses[slot]!;
  }

  setAddress(slot: number, address: number): void {
    this.#addresses[slot] = address;
  }

  takeSlot(): number {
    if (this.#free !== NO_SLOT) {
      const slot = this.#free;
      this.#free = this.#addresses[slot]!;
      return slot;
    }
    if (this.slotEnd === this.#addresses.length) {
      const { length } = this.#addresses;
      const grown = new Uint32Array(length + Math.max(LEAST_SLOTS, length >>> 2));
      grown.set(this.#addresses);
      this.#addresses = grown;
    }
    return this.slotEnd++;
  }

  releaseSlot(slot: number): void {
    this.#addresses[slot] = this.#free;
    this.#free = slot;
  }
}
