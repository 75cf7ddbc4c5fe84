import { describe, expect, it } from 'vitest';
import { accountedSize, shardOf, storeKey } from '../../src/api.ts';
import { datOf, fromHex, vectors, type DatVector } from './vector-files.ts';

type Vector = { publicKey: string; key: string; xxhash64: string; shard: number; size: number };
const dats = (vectors('dats.json') as { dat: DatVector }[]).map(({ dat }) => datOf(dat));

describe('store-keys.json', () => {
  const all = vectors('store-keys.json') as Vector[];
  for (const [index, vector] of all.entries()) {
    it(`the store key, shard and accounted size of dat ${index}`, () => {
      const key = storeKey(fromHex(vector.publicKey), vector.key);
      expect(String(key)).toBe(vector.xxhash64);
      expect(shardOf(key)).toBe(vector.shard);
      const dat = dats[index]!;
      expect(dat.key).toBe(vector.key);
      expect(accountedSize(dat)).toBe(vector.size);
    });
  }
});
