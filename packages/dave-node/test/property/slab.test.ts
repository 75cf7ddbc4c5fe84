import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slab } from '../../src/core/store/slab.ts';

interface Held {
  address: number;
  bytes: number;
}

function fill(slab: Slab, { address, bytes }: Held, owner: number): void {
  const page = slab.page(address);
  const offset = slab.offset(address);
  for (let at = 4; at < bytes; at++) page[offset + at] = (owner * 31 + at) & 255;
}

function isIntact(slab: Slab, { address, bytes }: Held, owner: number): boolean {
  const page = slab.page(address);
  const offset = slab.offset(address);
  for (let at = 4; at < bytes; at++) if (page[offset + at] !== ((owner * 31 + at) & 255)) return false;
  return true;
}

test('records keep their bytes through frees and moves, and slack stays bounded', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 205, max: 1436 }) }, { weight: 2, arbitrary: fc.integer({ min: 205, max: 260 }) }, { weight: 4, arbitrary: fc.constant(0) });
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat()), { minLength: 100, maxLength: 600, size: 'max' }), (steps) => {
      const held = new Map<number, Held>();
      const slab = new Slab(1436, (owner, address) => {
        held.get(owner)!.address = address;
      });
      let owners = 0;
      let bytesHeld = 0;
      for (const [bytes, pick] of steps) {
        if (bytes > 0) {
          const owner = 0xffff_ff00 - owners++;
          const record = { address: slab.allocate(bytes, owner), bytes };
          held.set(owner, record);
          fill(slab, record, owner);
          bytesHeld += bytes;
        } else if (held.size > 0) {
          const [owner, record] = [...held][pick % held.size]!;
          held.delete(owner);
          slab.free(record.address, record.bytes);
          bytesHeld -= record.bytes;
        }
      }
      for (const [owner, record] of held) expect(isIntact(slab, record, owner)).toBe(true);
      const classes = new Set([...held.values()].map(({ bytes }) => Math.ceil(bytes / 16)));
      // 15 bytes a record, and per class in use a hole and less than two pages, here of four cells or an eighth of the class.
      const slack = 15 * held.size + [...classes].reduce((sum, grains) => sum + (1 + 2 * Math.max(4, held.size / 8)) * 16 * grains, 0);
      expect(slab.allocatedBytes).toBeLessThanOrEqual(bytesHeld + slack);
      for (const [owner, record] of held) {
        held.delete(owner);
        slab.free(record.address, record.bytes);
      }
      expect(slab.allocatedBytes).toBe(0);
    }),
    { numRuns: 400 },
  );
});

test('a change of record sizes leaves no memory behind', () => {
  const addresses = new Map<number, number>();
  const slab = new Slab(1436, (owner, address) => void addresses.set(owner, address));
  for (let owner = 0; owner < 20_000; owner++) addresses.set(owner, slab.allocate(220, owner));
  const full = slab.allocatedBytes;
  // In the order of insertion, as expiry does it: the worst case for pages that are filled in that order.
  for (let owner = 0; owner < 19_990; owner++) slab.free(addresses.get(owner)!, 220);
  expect(slab.allocatedBytes).toBeLessThan(full / 500);
  for (let owner = 19_990; owner < 20_000; owner++) {
    const address = addresses.get(owner)!;
    expect(new DataView(slab.page(address).buffer).getUint32(slab.offset(address), true)).toBe(owner);
  }
});

test('a load that swings around a page boundary allocates nothing', () => {
  const addresses = new Map<number, number>();
  const slab = new Slab(1436, (owner, address) => void addresses.set(owner, address));
  for (let owner = 0; owner < 4; owner++) addresses.set(owner, slab.allocate(220, owner));
  const address = slab.allocate(220, 4);
  const page = slab.page(address);
  slab.free(address, 220);
  for (let round = 0; round < 10; round++) {
    const again = slab.allocate(220, 5);
    expect(slab.page(again)).toBe(page);
    slab.free(again, 220);
  }
});
