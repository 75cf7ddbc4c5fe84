import { describe, expect, it } from 'vitest';
import { datSize, decodeDat, encodeDat } from '../../src/api.ts';
import { datOf, fromHex, toHex, vectors, type DatVector } from './vector-files.ts';

describe('dats.json', () => {
  for (const { name, hex, dat } of vectors('dats.json') as { name: string; hex: string; dat: DatVector }[]) {
    it(`${name} decodes to its dat and encodes to its bytes`, () => {
      expect(decodeDat(fromHex(hex))).toStrictEqual(datOf(dat));
      expect(toHex(encodeDat(datOf(dat)))).toBe(hex);
      expect(datSize(datOf(dat))).toBe(hex.length / 2);
    });
  }
});
