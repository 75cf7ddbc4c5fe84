import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PriorityHeap } from '../../src/core/store/priority-heap.ts';
import { priorityAt } from '../../src/core/store/priority.ts';
import { Victims } from '../../src/core/store/victims.ts';

const TTL_MS = 100_000;

interface Line {
  closeness: number;
  expiresMs: number;
}

const closeness = fc.integer({ min: 1, max: 1000 }).map((part) => part / 1000);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('push' as const), closeness, lifeMs: fc.integer({ min: 1, max: TTL_MS }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('update' as const), pick: fc.nat(), lifeMs: fc.integer({ min: 1, max: TTL_MS }) }) },
  // Small and large ones, and the clock may be set back.
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: -2000, max: TTL_MS }) ) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('victims' as const), count: fc.integer({ min: 1, max: 4 }), newcomer: fc.integer({ min: 0, max: TTL_MS }), keep: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expired' as const), limit: fc.integer({ min: 1, max: 5 }) }) },
);

test('the heap finds the lowest priorities at any time, although priorities cross', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 300, size: 'max' }), (steps) => {
      const heap = new PriorityHeap(TTL_MS);
      const victims = new Victims();
      const lines = new Map<number, Line>();
      const value = (slot: number): number => priorityAt(lines.get(slot)!.closeness, lines.get(slot)!.expiresMs, nowMs);
      let nowMs = 1_000_000;
      let slots = 0;
      for (const action of steps) {
        const known = [...lines.keys()];
        if (action.do === 'push') {
          const line = { closeness: action.closeness, expiresMs: nowMs + action.lifeMs };
          lines.set(slots, line);
          heap.push(slots++, line.closeness, line.expiresMs);
        } else if (action.do === 'wait') {
          nowMs += action.ms;
        } else if (action.do === 'victims') {
          const order = known.toSorted((a, b) => value(a) - value(b));
          const expected = order.slice(0, action.count).filter((slot) => value(slot) < action.newcomer);
          const found = victims.select(heap, nowMs, action.count, action.newcomer, -1, () => 1);
          expect(found).toBe(expected.length === action.count);
          if (found) expect(victims.slots.slice(0, victims.count).map(value)).toEqual(expected.map(value));
          if (found && !action.keep) {
            victims.commit(heap, nowMs);
            for (const slot of victims.slots.slice(0, victims.count)) lines.delete(slot);
          } else {
            victims.cancel(heap, nowMs);
          }
        } else if (action.do === 'expired') {
          const expired = known.filter((slot) => value(slot) === 0);
          const found: number[] = [];
          heap.collectExpired(nowMs, action.limit, found);
          expect(found.length).toBe(Math.min(action.limit, expired.length));
          expect(expired).toEqual(expect.arrayContaining(found));
          expect(new Set(found).size).toBe(found.length);
        } else if (known.length > 0) {
          const slot = known[action.pick % known.length]!;
          if (action.do === 'remove') {
            heap.remove(slot);
            lines.delete(slot);
          } else {
            lines.get(slot)!.expiresMs = nowMs + action.lifeMs;
            heap.update(slot, nowMs + action.lifeMs);
          }
        }
        expect(heap.size).toBe(lines.size);
        for (let slot = 0; slot < slots; slot++) if (heap.has(slot) !== lines.has(slot)) throw new Error(`slot ${slot} is in one of them only`);
      }
      expect([...lines.keys()].every((slot) => heap.expiresOf(slot) === lines.get(slot)!.expiresMs)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('when thousands expire in the near future, finding victims stays cheap', () => {
  const heap = new PriorityHeap(31_536_000_000);
  const victims = new Victims();
  const count = 4000;
  // All expire within a second from now, long before the first epoch: every bound would be 0.
  for (let slot = 0; slot < count; slot++) heap.push(slot, (slot + 1) / count, 1_000_000 + (slot % 1000));
  let looked = 0;
  const push = heap.push.bind(heap);
  heap.push = (...line): void => {
    looked++;
    push(...line);
  };
  for (let round = 0; round < 200; round++) {
    expect(victims.select(heap, 990_000, 1, 1e9, -1, () => 1)).toBe(true);
    victims.commit(heap, 990_000);
  }
  expect(looked).toBeLessThan(10 * count);
});
