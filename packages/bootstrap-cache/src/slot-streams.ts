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

/**
 * Looks at `sample` slots drawn at random, each at most once, and gives the one of the highest value,
 * any of those that share it; the others stay. Reorders `slots`.
 */
export function tournament(slots: Int32Array, random: Random, sample: number, valueOf: (slot: number) => number): SlotStream {
  let at = 0;
  return () => {
    const left = slots.length - at;
    if (left === 0) return undefined;
    // A walk with a random beginning and step instead of a draw for each: many draws cost more than the looks.
    const step = left > sample ? coprimeStep(left, random) : 1;
    let offset = Math.floor(random.float() * left);
    let best = offset;
    let bestValue = valueOf(slots[at + best]!);
    for (let looks = Math.min(sample, left); looks > 1; looks--) {
      offset += step;
      if (offset >= left) offset -= left;
      const value = valueOf(slots[at + offset]!);
      if (value <= bestValue) continue;
      best = offset;
      bestValue = value;
    }
    const slot = slots[at + best]!;
    slots[at + best] = slots[at]!;
    slots[at++] = slot;
    return slot;
  };
}

/** A random step below `length` (at least 2) that reaches every offset before it comes back to one. */
function coprimeStep(length: number, random: Random): number {
  for (;;) {
    const step = 1 + Math.floor(random.float() * (length - 1));
    if (greatestCommonDivisor(step, length) === 1) return step;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
