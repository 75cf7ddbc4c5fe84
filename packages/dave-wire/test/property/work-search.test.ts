import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchOf, supportsSearch, type SearchVariant } from '../../src/wasm/search-module.ts';
import { saltOf, searchLease, leadingZeroBits } from '../../src/work-search.ts';

const VARIANTS: readonly SearchVariant[] = ['scalar', 'simd', 'relaxed'];

/** The search as the protocol states it, with another implementation of the hash. */
function referenceSearch(digest: Uint8Array, difficulty: number, start: bigint, count: number): number {
  const block = new Uint8Array(48);
  block.set(digest, 16);
  const view = new DataView(block.buffer);
  for (let offset = 0; offset < count; offset++) {
    const number = start + BigInt(offset);
    view.setBigUint64(8, number % 2n ** 64n, true);
    view.setBigUint64(0, (number >> 64n) % 2n ** 64n, true);
    let zeros = 0;
    for (const byte of nobleBlake3(block)) {
      zeros += byte === 0 ? 8 : Math.clz32(byte) - 24;
      if (byte !== 0) break;
    }
    if (zeros >= difficulty) return offset;
  }
  return -1;
}

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Numbers around the places where a word of the salt overflows, and any others. */
const start = fc.oneof(
  fc.constant(0n),
  fc.bigInt(0n, 2n ** 127n),
  fc.tuple(fc.constantFrom(32n, 64n, 96n), fc.bigInt(1n, 64n), fc.nat(600)).map(([bit, multiple, before]) => multiple * 2n ** bit - BigInt(before)),
);

it('runs every variant on this host', () => {
  expect(VARIANTS.filter((variant) => !supportsSearch(variant))).toEqual([]);
});

describe.each(VARIANTS)('%s search', (variant) => {
  const search = searchOf(variant);

  it('finds what a plain search finds', () => {
    fc.assert(
      fc.property(digest, fc.integer({ min: 0, max: 12 }), start, fc.integer({ min: 1, max: 900 }), (bytes, difficulty, from, count) => {
        const found = searchLease({ digest: bytes, difficulty, start: from, count }, search);
        expect(found).toBe(referenceSearch(bytes, difficulty, from, count));
      }),
      { numRuns: 120 },
    );
  });

  it('agrees with the scalar search over many candidates', () => {
    fc.assert(
      fc.property(digest, fc.integer({ min: 8, max: 17 }), start, (bytes, difficulty, from) => {
        const lease = { digest: bytes, difficulty, start: from, count: 100_003 };
        expect(searchLease(lease, search)).toBe(searchLease(lease, searchOf('scalar')));
      }),
      { numRuns: 40 },
    );
  });

  it.each([32n, 64n, 96n])('carries over bit %d of the salt number', (bit) => {
    const bytes = new Uint8Array(32).fill(Number(bit));
    const from = 2n ** bit - 1000n;
    // Every hit on both sides of the boundary, in order.
    for (let at = 0; at < 2000; ) {
      const lease = { digest: bytes, difficulty: 6, start: from + BigInt(at), count: 2000 - at };
      const found = searchLease(lease, search);
      expect(found).toBe(referenceSearch(bytes, 6, lease.start, lease.count));
      if (found < 0) break;
      at += found + 1;
    }
  });
});

it('does not take 32 zero bits for more', () => {
  // A search that stops at any candidate stands for the 2^32 trials until the first word is zero.
  const eager = (): number => 0;
  const lease = { digest: new Uint8Array(32), difficulty: 33, start: 0n, count: 64 };
  expect(searchLease(lease, eager)).toBe(-1);
  expect(searchLease({ ...lease, difficulty: 32 }, eager)).toBe(0);
});

it('numbers salts with the low half of the number in the second half of the salt', () => {
  expect(Buffer.from(saltOf(1n)).toString('hex')).toBe('00000000000000000100000000000000');
  expect(Buffer.from(saltOf(2n ** 64n + 2n)).toString('hex')).toBe('01000000000000000200000000000000');
  expect(Buffer.from(saltOf(2n ** 128n - 1n)).toString('hex')).toBe('f'.repeat(32));
});

it('counts leading zero bits as a binary string shows them', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 2, 128, 255), { maxLength: 40 }), (bytes) => {
      const binary = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
      expect(leadingZeroBits(Uint8Array.from(bytes))).toBe(/^0*/.exec(binary)![0].length);
    }),
  );
});
