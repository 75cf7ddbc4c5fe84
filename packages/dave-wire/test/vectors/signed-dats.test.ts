import { describe, expect, it } from 'vitest';
import { createDat, datDigest, encodeDat, leadingZeroBits, verifyDat, verifyDatSync } from '../../src/api.ts';
import { everyBackend } from '../every-backend.ts';
import { datOf, fromHex, toHex } from './vector-files.ts';
import dats from './data/dats.json' with { type: 'json' };
import cases from './data/verify.json' with { type: 'json' };

const NOW = 1_734_000_000_000;

describe.each(dats)('$name, made by the Go implementation', ({ dat, seed, difficulty, digest, leadingZeroBits: bits, hex }) => {
  it('has the digest that Go signs', () => {
    expect(toHex(datDigest(datOf(dat)))).toBe(digest);
  });

  it('is what createDat makes of the same fields, byte for byte', async () => {
    const { key, timeMs: time } = dat;
    for (const backend of everyBackend()) {
      const created = await createDat({ privateKey: fromHex(seed), key, value: fromHex(dat.value), time, difficulty }, { backend });
      expect(created).toEqual(datOf(dat));
      expect(toHex(encodeDat(created))).toBe(hex);
      expect(leadingZeroBits(created.work)).toBe(bits);
    }
  });

  it('is valid', async () => {
    for (const backend of everyBackend()) {
      expect(await verifyDat(datOf(dat), { now: NOW, minWork: difficulty, backend })).toEqual({ valid: true });
    }
  });
});

/** Go's words for what our verdicts say. */
const REASONS: Record<string, string> = {
  'signature invalid': 'signature',
  'work invalid: hash is invalid': 'work-mismatch',
  'work is insufficient': 'work-too-low',
  'time is invalid': 'future',
};

it.each(cases)('$name has the verdict that Go gives', async ({ dat, valid, reason }) => {
  const expected = valid ? { valid } : { valid, reason: REASONS[reason ?? ''] };
  for (const backend of everyBackend()) {
    expect(await verifyDat(datOf(dat), { now: NOW, backend })).toEqual(expected);
    expect(verifyDatSync(datOf(dat), { now: NOW, backend })).toEqual(expected);
  }
});
