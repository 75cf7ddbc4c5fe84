import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RefTable } from '../../src/core/store/ref-table.ts';

// Few tags and tags that share a home: chains form, and removals have to close gaps in them.
const tag = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 8, 16, 64, 0xffff_ffff, 0xffff_fff8), fc.nat(0xffff_ffff));
const ref = fc.oneof(fc.nat(40), fc.constant(0xffff_fffe));

test('a RefTable answers like a list of pairs', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), tag, ref), { minLength: 20, maxLength: 400, size: 'max' }), (steps) => {
      const table = new RefTable();
      let pairs: [number, number][] = [];
      for (const [adds, t, r] of steps) {
        const known = pairs.some(([pt, pr]) => pt === t && pr === r);
        if (adds && !known) {
          table.add(t, r);
          pairs.push([t, r]);
        } else if (!adds) {
          expect(table.remove(t, r)).toBe(known);
          pairs = pairs.filter(([pt, pr]) => pt !== t || pr !== r);
        }
      }
      expect(table.size).toBe(pairs.length);
      for (const t of new Set(steps.map(([, value]) => value))) {
        const found: number[] = [];
        for (let row = table.first(t); row >= 0; row = table.next(row, t)) found.push(table.ref(row));
        const expected = pairs.filter(([pt]) => pt === t).map(([, pr]) => pr);
        expect(found.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 200 },
  );
});

test('a RefTable that held many shrinks again', () => {
  const table = new RefTable();
  for (let at = 0; at < 10_000; at++) table.add(Math.imul(at, 0x9e37_79b1) >>> 0, at);
  for (let at = 0; at < 9990; at++) expect(table.remove(Math.imul(at, 0x9e37_79b1) >>> 0, at)).toBe(true);
  for (let at = 9990; at < 10_000; at++) expect(table.ref(table.first(Math.imul(at, 0x9e37_79b1) >>> 0))).toBe(at);
  expect(table.rowCount).toBeLessThanOrEqual(128);
});
