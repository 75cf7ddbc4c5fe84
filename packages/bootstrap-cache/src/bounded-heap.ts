/**
 * The `limit` largest of a stream of slots by key, in O(n log limit) and without allocation per item.
 * Ties go to the lower slot, so that the order is total.
 */
export class BoundedHeap {
  readonly #slots: Int32Array;
  readonly #keys: Float64Array;
  #size = 0;

  constructor(limit: number) {
    this.#slots = new Int32Array(limit);
    this.#keys = new Float64Array(limit);
  }

  offer(slot: number, key: number): void {
    const limit = this.#slots.length;
    if (this.#size < limit) {
      this.#siftUp(this.#size++, slot, key);
    } else if (limit > 0 && isWorse(this.#keys[0]!, this.#slots[0]!, key, slot)) {
      this.#siftDown(slot, key);
    }
  }

  /**
   * Offers the slots 0 to `bounds.length` - 1. The key of each is what `keyOf` makes of its bound: not
   * more than that, or undefined to leave it out. Nearly all slots stay below the worst that is kept,
   * and cost one comparison each.
   */
  offerAll(bounds: Float64Array, keyOf: (slot: number, bound: number) => number | undefined): void {
    const limit = this.#slots.length;
    if (limit === 0) return;
    let floor = Number.NEGATIVE_INFINITY;
    for (let slot = 0; slot < bounds.length; slot++) {
      const bound = bounds[slot]!;
      if (bound < floor) continue;
      const key = keyOf(slot, bound);
      if (key === undefined) continue;
      this.offer(slot, key);
      if (this.#size === limit) floor = this.#keys[0]!;
    }
  }

  /** The slots, best first. Empties the heap. */
  drain(): Int32Array {
    const out = new Int32Array(this.#size);
    for (let at = out.length - 1; at >= 0; at--) {
      out[at] = this.#slots[0]!;
      this.#size -= 1;
      if (this.#size > 0) this.#siftDown(this.#slots[this.#size]!, this.#keys[this.#size]!);
    }
    return out;
  }

  #siftUp(from: number, slot: number, key: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isWorse(key, slot, this.#keys[parent]!, this.#slots[parent]!)) break;
      this.#slots[at] = this.#slots[parent]!;
      this.#keys[at] = this.#keys[parent]!;
      at = parent;
    }
    this.#slots[at] = slot;
    this.#keys[at] = key;
  }

  /** Puts an item in the place of the worst one. */
  #siftDown(slot: number, key: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (right < this.#size && isWorse(this.#keys[right]!, this.#slots[right]!, this.#keys[child]!, this.#slots[child]!)) child = right;
      if (!isWorse(this.#keys[child]!, this.#slots[child]!, key, slot)) break;
      this.#slots[at] = this.#slots[child]!;
      this.#keys[at] = this.#keys[child]!;
      at = child;
    }
    this.#slots[at] = slot;
    this.#keys[at] = key;
  }
}

function isWorse(keyA: number, slotA: number, keyB: number, slotB: number): boolean {
  return keyA < keyB || (keyA === keyB && slotA > slotB);
}
