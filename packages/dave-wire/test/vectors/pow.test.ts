import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkWork, computeWork, leadingZeroBits, solveWork } from '../../src/work.ts';

interface PowVector {
  readonly difficulty: number;
  readonly leadingZeroBits: number;
  readonly salt: string;
  readonly signature: string;
  readonly work: string;
}

const vectors = JSON.parse(readFileSync(new URL('data/pow.json', import.meta.url), 'utf8')) as readonly PowVector[];
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('pow.json', () => {
  it('covers the difficulties that nodes accept first', () => {
    expect(vectors.map((vector) => vector.difficulty)).toContain(8);
  });

  it.each(vectors)('finds the salt of the Go implementation: $difficulty bits, signature $signature', async (vector) => {
    const { salt, work } = await solveWork(bytes(vector.signature), vector.difficulty);
    expect(hex(salt)).toBe(vector.salt);
    expect(hex(work)).toBe(vector.work);
  });

  it.each(vectors)('recomputes and counts the work $work', (vector) => {
    const [signature, salt, work] = [bytes(vector.signature), bytes(vector.salt), bytes(vector.work)];
    expect(hex(computeWork(signature, salt))).toBe(vector.work);
    expect(leadingZeroBits(work)).toBe(vector.leadingZeroBits);
    expect(checkWork(signature, salt, work)).toBe(true);
    for (const part of [signature, salt, work]) {
      part[part.length - 1]! ^= 1;
      expect(checkWork(signature, salt, work)).toBe(false);
      part[part.length - 1]! ^= 1;
    }
  });
});
