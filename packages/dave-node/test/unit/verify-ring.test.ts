import * as fc from 'fast-check';
import type { Dat } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { RING_BYTES, RING_SLOTS, VerifyRing } from '../../src/io/verify-ring.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const dats: fc.Arbitrary<Dat> = fc.record({
  time: fc.oneof(fc.maxSafeNat(), fc.double()),
  salt: bytes(16),
  work: bytes(32),
  signature: bytes(64),
  publicKey: bytes(32),
  key: fc.string({ unit: 'grapheme', maxLength: 255 }),
  value: fc.uint8Array({ maxLength: 1224 }),
});

test('a dat is read from a slot as it was written, at every index', () => {
  const memory = new SharedArrayBuffer(RING_BYTES);
  const [writer, reader] = [new VerifyRing(memory), new VerifyRing(memory)];
  fc.assert(
    fc.property(dats, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.double(), (dat, index, nowMs) => {
      fc.pre(VerifyRing.fits(dat));
      writer.write(index, dat, nowMs);
      const read = reader.read(index);
      expect(read.nowMs).toBe(nowMs);
      expect({ ...read.dat, value: Uint8Array.from(read.dat.value) }).toEqual(dat);
    }),
  );
});

test('neighbours do not touch each other, not even the largest', () => {
  const ring = new VerifyRing(new SharedArrayBuffer(RING_BYTES));
  const dat = (fill: number): Dat => ({
    time: fill,
    salt: new Uint8Array(16).fill(fill),
    work: new Uint8Array(32).fill(fill),
    signature: new Uint8Array(64).fill(fill),
    publicKey: new Uint8Array(32).fill(fill),
    key: String.fromCodePoint(97 + (fill % 26)).repeat(255),
    value: new Uint8Array(1113).fill(fill),
  });
  expect(VerifyRing.fits(dat(0))).toBe(true);
  expect(VerifyRing.fits({ ...dat(0), value: new Uint8Array(1114) })).toBe(false);
  for (let index = 0; index < RING_SLOTS; index++) ring.write(index, dat(index & 0xff), index);
  for (let index = 0; index < RING_SLOTS; index++) {
    const read = ring.read(index);
    expect(read.nowMs).toBe(index);
    expect(Buffer.compare(read.dat.value, dat(index & 0xff).value)).toBe(0);
    expect(read.dat.key).toBe(dat(index & 0xff).key);
  }
});
