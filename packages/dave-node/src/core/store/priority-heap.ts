/** Marks a slot that is not in the heap. */
const ABSENT = 0xffff_ffff;
const ARITY_BITS = 2;
const ARITY: number = 2 ** ARITY_BITS;
const LEAST_CAPACITY = 4;
/** The first epoch lies this part of an entry's life ahead (eight minutes of a year); it adapts. */
const FIRST_SPAN_PART = 65_536;
const LONGEST_SPAN_PART = 64;
/** Ordering anew takes about as long as looking at one entry in sixteen in vain. */
const WASTE_SHIFT = 4;

/**
 * The slots of one shard, lowest priority first, where a priority is closeness × ms left until
 * expiry, never below 0. Such lines cross as time passes, so the heap orders them by their value at
 * an epoch in the future. That is a lower bound of the value now, because values only fall: who
 * looks for the lowest takes tops off until the least true value seen is not above the next bound
 * (`victims.ts`). When the epoch has come, or when looking ahead cost too much, the heap is ordered
 * anew for a later or nearer one.
 */
export class PriorityHeap {
  size = 0;
  #slots: Uint32Array = new Uint32Array(LEAST_CAPACITY);
  /**
   * Closeness and expiry of each place, in turn. Here and not by slot, so that comparing siblings
   * reads neighbours: what evicting costs is mostly waiting for memory.
   */
  #lines: Float64Array = new Float64Array(2 * LEAST_CAPACITY);
  /** By slot: its place in the heap. */
  #places: Uint32Array = new Uint32Array(LEAST_CAPACITY).fill(ABSENT);
  #epochMs = Number.NEGATIVE_INFINITY;
  #spanMs: number;
  readonly #longestSpanMs: number;
  /** Entries looked at in vain since the heap was last ordered. */
  #wasted = 0;

  /** @param ttlMs life of an entry. */
  constructor(ttlMs: number) {
    this.#spanMs = Math.max(1, ttlMs / FIRST_SPAN_PART);
    this.#longestSpanMs = Math.max(1, ttlMs / LONGEST_SPAN_PART);
  }

  has(slot: number): boolean {
    return slot < this.#places.length && this.#places[slot] !== ABSENT;
  }

  slotAt(place: number): number {
    return this.#slots[place]!;
  }

  expiresAt(place: number): number {
    return this.#lines[2 * place + 1]!;
  }

  expiresOf(slot: number): number {
    return this.#lines[2 * this.#places[slot]! + 1]!;
  }

  closenessAt(place: number): number {
    return this.#lines[2 * place]!;
  }

  /** The value at the epoch of the entry at `place`: at most its priority now. */
  boundAt(place: number): number {
    const left = this.#lines[2 * place + 1]! - this.#epochMs;
    return left > 0 ? left * this.#lines[2 * place]! : 0;
  }

  /** Must be called before bounds are compared with priorities at `nowMs`. */
  advance(nowMs: number): void {
    if (nowMs <= this.#epochMs) return;
    if (8 * this.#wasted < this.size >> WASTE_SHIFT) this.#spanMs = Math.min(2 * this.#spanMs, this.#longestSpanMs);
    this.#order(nowMs + this.#spanMs);
  }

  /** Reports entries that were looked at without use: enough of them, and the epoch moves nearer, where bounds are tighter. */
  reportWaste(entries: number, nowMs: number): void {
    this.#wasted += entries;
    if (this.#wasted <= (this.size >> WASTE_SHIFT) + 16 || this.#spanMs <= 1) return;
    this.#spanMs = Math.max(1, this.#spanMs / 8);
    this.#order(nowMs + this.#spanMs);
  }

  push(slot: number, closeness: number, expiresMs: number): void {
    if (this.size === this.#slots.length) this.#grow();
    if (slot >= this.#places.length) this.#growPlaces(slot);
    this.#siftUp(this.size++, slot, closeness, expiresMs);
  }

  /** Takes the top off. */
  pop(): void {
    this.remove(this.#slots[0]!);
  }

  remove(slot: number): void {
    const place = this.#places[slot]!;
    this.#places[slot] = ABSENT;
    const last = --this.size;
    if (place !== last) this.#settle(place, this.#slots[last]!, this.#lines[2 * last]!, this.#lines[2 * last + 1]!);
    if (this.#slots.length > 4 * LEAST_CAPACITY && 4 * this.size < this.#slots.length) this.#resize(this.#slots.length >>> 1);
  }

  update(slot: number, expiresMs: number): void {
    const place = this.#places[slot]!;
    this.#settle(place, slot, this.#lines[2 * place]!, expiresMs);
  }

  /**
   * Adds up to `limit` slots that expired by `nowMs` to `out`. They all have the bound 0, so they
   * hang together at the top.
   */
  collectExpired(nowMs: number, limit: number, out: number[]): void {
    this.advance(nowMs);
    const stack = [0];
    let found = 0;
    let looked = 0;
    while (found < limit && stack.length > 0) {
      const place = stack.pop()!;
      if (place >= this.size || this.#lines[2 * place + 1]! > this.#epochMs) continue;
      looked++;
      if (this.#lines[2 * place + 1]! <= nowMs) {
        out.push(this.#slots[place]!);
        found++;
      }
      for (let child = ARITY * place + ARITY; child > ARITY * place; child--) stack.push(child);
    }
    this.reportWaste(looked - found, nowMs);
  }

  #settle(place: number, slot: number, closeness: number, expiresMs: number): void {
    const left = expiresMs - this.#epochMs;
    const bound = left > 0 ? left * closeness : 0;
    const parent = (place - 1) >> ARITY_BITS;
    if (place > 0 && bound < this.boundAt(parent)) this.#siftUp(place, slot, closeness, expiresMs);
    else this.#siftDown(place, slot, closeness, expiresMs);
  }

  #siftUp(start: number, slot: number, closeness: number, expiresMs: number): void {
    const left = expiresMs - this.#epochMs;
    const bound = left > 0 ? left * closeness : 0;
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> ARITY_BITS;
      if (this.boundAt(parent) <= bound) break;
      this.#put(place, this.#slots[parent]!, this.#lines[2 * parent]!, this.#lines[2 * parent + 1]!);
      place = parent;
    }
    this.#put(place, slot, closeness, expiresMs);
  }

  #siftDown(start: number, slot: number, closeness: number, expiresMs: number): void {
    const left = expiresMs - this.#epochMs;
    const bound = left > 0 ? left * closeness : 0;
    const size = this.size;
    let place = start;
    for (;;) {
      let least = ARITY * place + 1;
      if (least >= size) break;
      let leastBound = this.boundAt(least);
      const end = Math.min(least + ARITY, size);
      for (let child = least + 1; child < end; child++) {
        const childBound = this.boundAt(child);
        if (childBound < leastBound) {
          least = child;
          leastBound = childBound;
        }
      }
      if (leastBound >= bound) break;
      this.#put(place, this.#slots[least]!, this.#lines[2 * least]!, this.#lines[2 * least + 1]!);
      place = least;
    }
    this.#put(place, slot, closeness, expiresMs);
  }

  #put(place: number, slot: number, closeness: number, expiresMs: number): void {
    this.#slots[place] = slot;
    this.#lines[2 * place] = closeness;
    this.#lines[2 * place + 1] = expiresMs;
    this.#places[slot] = place;
  }

  #order(epochMs: number): void {
    this.#epochMs = epochMs;
    this.#wasted = 0;
    for (let place = (this.size - 2) >> ARITY_BITS; place >= 0; place--) {
      this.#siftDown(place, this.#slots[place]!, this.#lines[2 * place]!, this.#lines[2 * place + 1]!);
    }
  }

  #grow(): void {
    const { length } = this.#slots;
    // A quarter more, not double: shards are many, and what they hold in reserve adds up.
    this.#resize(length + Math.max(LEAST_CAPACITY, length >>> 2));
  }

  #resize(capacity: number): void {
    this.#slots = resized(this.#slots, new Uint32Array(capacity), this.size);
    this.#lines = resized(this.#lines, new Float64Array(2 * capacity), 2 * this.size);
  }

  #growPlaces(slot: number): void {
    const { length } = this.#places;
    const capacity = Math.max(slot + 1, length + Math.max(LEAST_CAPACITY, length >>> 2));
    this.#places = resized(this.#places, new Uint32Array(capacity).fill(ABSENT, length), length);
  }
}

function resized<T extends Uint32Array | Float64Array>(from: T, to: T, count: number): T {
  to.set(from.subarray(0, count));
  return to;
}
