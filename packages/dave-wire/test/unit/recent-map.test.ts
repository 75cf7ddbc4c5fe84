import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentMap } from '../../src/recent-map.ts';

describe('RecentMap', () => {
  it('keeps at least the `capacity` entries used last and never more than twice as many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.boolean())), (capacity, steps) => {
        const map = new RecentMap<number, string>(capacity);
        const recent: number[] = [];
        for (const [key, write] of steps) {
          if (write) map.set(key, `${key}`);
          const used = write || map.get(key) !== undefined;
          if (used) recent.splice(0, recent.length, ...recent.filter((other) => other !== key), key);
          expect(map.size).toBeLessThanOrEqual(2 * capacity);
        }
        // Reading moves entries, so the model is compared from the most recent on.
        const last = recent.slice(-Math.max(1, capacity - 1)).reverse();
        for (const key of last) expect(map.get(key)).toBe(`${key}`);
      }),
    );
  });

  it('forgets what is not used', () => {
    const map = new RecentMap<number, number>(4);
    map.set(0, 0);
    for (let key = 1; key <= 8; key++) map.set(key, key);
    expect(map.get(0)).toBeUndefined();
  });

  it('keeps what is read, however much is written', () => {
    const map = new RecentMap<number, number>(4);
    map.set(0, 7);
    for (let key = 1; key <= 100; key++) {
      map.set(key, key);
      expect(map.get(0)).toBe(7);
    }
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => new RecentMap(capacity)).toThrow(TypeError);
  });
});
