import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import { describe, expect, it } from 'vitest';
import { blake3, blake3Into, xxHash64 } from '../../src/hash.ts';
import { referenceXxHash64 } from '../xxhash64-reference.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 197 + (index >> 8)) & 255);

// Around blocks (64), chunks (1024), subtrees, and the window of 16 KiB through which inputs go.
const LENGTHS = [
  0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 1424, 2047, 2048, 2049, 3071, 3072, 3073, 4096, 4097, 5120, 5121, 7168,
  8192, 8193, 15_360, 15_361, 16_383, 16_384, 16_385, 17_408, 17_409, 31_744, 32_767, 32_768, 32_769, 49_152, 49_153, 65_536, 65_537, 100_000,
];

describe('blake3', () => {
  it('gives the published digest of nothing', () => {
    expect(hex(blake3())).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
    expect(hex(blake3(new Uint8Array(0), new Uint8Array(0)))).toBe(hex(blake3()));
  });

  it.each(LENGTHS)('agrees with @noble/hashes on %d bytes', (length) => {
    const input = pattern(length);
    expect(hex(blake3(input))).toBe(hex(nobleBlake3(input)));
  });

  it.each([1, 7, 64, 1000, 1024, 16_383, 16_384, 16_385, 40_000])('does not depend on the parts: 100 000 bytes in parts of %d', (size) => {
    const input = pattern(100_000);
    const parts = Array.from({ length: Math.ceil(input.length / size) }, (_, index) => input.subarray(index * size, (index + 1) * size));
    expect(hex(blake3(...parts))).toBe(hex(nobleBlake3(input)));
  });

  it('leaves nothing behind that changes a shorter input after a longer one', () => {
    const short = pattern(48);
    const before = hex(blake3(short));
    blake3(pattern(100_000));
    xxHash64(pattern(100_000));
    expect(hex(blake3(short))).toBe(before);
  });

  it('returns new bytes each time', () => {
    const first = blake3(pattern(1));
    const copy = first.slice();
    blake3(pattern(2));
    expect(first).toEqual(copy);
  });

  it('writes a digest at an offset, and refuses one that does not fit', () => {
    const target = new Uint8Array(40).fill(9);
    blake3Into(target, 4, pattern(10), pattern(20));
    expect(hex(target)).toBe(`09090909${hex(blake3(pattern(10), pattern(20)))}09090909`);
    expect(() => blake3Into(target, 9, pattern(1))).toThrow(RangeError);
  });

  it('refuses what is not bytes', () => {
    for (const value of ['text', [1, 2], new Uint16Array(2), undefined, null, 5]) {
      expect(() => blake3(value as unknown as Uint8Array)).toThrow(TypeError);
      expect(() => xxHash64(value as unknown as Uint8Array)).toThrow(TypeError);
    }
  });

  it('takes Buffers and views at odd offsets', () => {
    const input = pattern(2049);
    const shifted = new Uint8Array(2060);
    shifted.set(input, 3);
    expect(hex(blake3(shifted.subarray(3, 2052)))).toBe(hex(blake3(Buffer.from(input))));
  });
});

describe('xxHash64', () => {
  it('gives the published hash of nothing', () => {
    expect(xxHash64()).toBe(0xef46db3751d8e999n);
  });

  it.each(LENGTHS)('agrees with the specification on %d bytes', (length) => {
    const input = pattern(length);
    expect(xxHash64(input)).toBe(referenceXxHash64(input));
  });

  it.each([1, 5, 31, 32, 16_384, 16_385])('does not depend on the parts: 50 000 bytes in parts of %d', (size) => {
    const input = pattern(50_000);
    const parts = Array.from({ length: Math.ceil(input.length / size) }, (_, index) => input.subarray(index * size, (index + 1) * size));
    expect(xxHash64(...parts)).toBe(referenceXxHash64(input));
  });
});
