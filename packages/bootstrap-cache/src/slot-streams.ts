import { BoundedHeap } from './bounded-heap.ts';
import type { Random } from './env.ts';

/** Hands out slots one by one; undefined when there are no more. */
export type SlotStream = () => number | undefined;

/**
 * Best key first. Keys are what `keyOf` makes of `bounds`, which are indexed by slot: not more than the
 * bound, undefined for slots to leave out. Ranks a little more than `expected` at once, and more when that runs out.
 */
export function ranked(bounds: Float64Array, expected: number, keyOf: (slot: number, bound: number) => number | undefined): SlotStream {
  const { length } = bounds;
  let limit = Math.min(length, expected + (expected >> 2) + 16);
  let order: Int32Array | undefined;
  let at = 0;
  return () => {
    if (order === undefined || (at === order.length && order.length === limit && limit < length)) {
      if (order !== undefined) limit = Math.min(length, limit * 8);
      const heap = new BoundedHeap(limit);
      heap.offerAll(bounds, keyOf);
      order = heap.drain();
    }
    return order[at++];
  };
}

/** Every order equally likely. Shuffles `slots` as it goes. */
export function shuffled(slots: Int32Array, random: Random): SlotStream {
  let at = 0;
  return () => {
    if (at === slots.length) return undefined;
    const other = at + Math.floor(random.float() * (slots.length - at));
    const slot = slots[other]!;
    slots[other] = slots[at]!;
    slots[at++] = slot;
    return slot;
  };
}

/** Draws several slots at random and gives the one of the highest value; the others stay. Reorders `slots`. */
export function tournament(slots: Int32Array, random: Random, rounds: number, valueOf: (slot: number) => number): SlotStream {
  let at = 0;
  return () => {
    const left = slots.length - at;
    if (left === 0) return undefined;
    let best = at + Math.floor(random.float() * left);
    let bestValue = valueOf(slots[best]!);
    for (let round = 1; round < rounds; round++) {
      const other = at + Math.floor(random.float() * left);
      const value = valueOf(slots[other]!);
      if (value <= bestValue) continue;
      best = other;
      bestValue = value;
    }
    const slot = slots[best]!;
    slots[best] = slots[at]!;
    slots[at++] = slot;
    return slot;
  };
}
