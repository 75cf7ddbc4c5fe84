import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';

describe('SeededRandom', () => {
  test('equal seeds give equal sequences, different ones do not', () => {
    const take = (seed: string): Uint8Array => new SeededRandom(seed).bytes(64);
    expect(take('a')).toEqual(take('a'));
    expect(take('a')).not.toEqual(take('b'));
  });

  test('a fork depends on seed and name, not on what was drawn', () => {
    const drawn = new SeededRandom(1);
    drawn.bytes(1000);
    expect(drawn.fork('x').bytes(16)).toEqual(new SeededRandom(1).fork('x').bytes(16));
    expect(drawn.fork('x').bytes(16)).not.toEqual(drawn.fork('y').bytes(16));
  });

  test('the sequence is pinned, so a printed seed still reproduces after an upgrade', () => {
    const random = new SeededRandom('pinned');
    expect([random.uint32(), random.uint32(), random.uint32()]).toMatchInlineSnapshot(`
      [
        279300893,
        689405137,
        520218551,
      ]
    `);
  });

  test('floats are in range and spread evenly', () => {
    const random = new SeededRandom(7);
    const buckets = Array.from({ length: 16 }, () => 0);
    for (let draw = 0; draw < 160_000; draw++) {
      const value = random.float();
      // Outside [0, 1) there is no bucket, and the sum below would be short.
      const bucket = Math.floor(value * 16);
      if (bucket >= 0 && bucket < 16) buckets[bucket]! += 1;
    }
    expect(buckets.reduce((sum, bucket) => sum + bucket)).toBe(160_000);
    // Standard deviation of a bucket is about 97.
    for (const bucket of buckets) expect(Math.abs(bucket - 10_000)).toBeLessThan(500);
  });

  test('every bit of the bytes changes about half the time', () => {
    const bytes = new SeededRandom('bits').bytes(80_000);
    for (let bit = 0; bit < 8; bit++) {
      const ones = bytes.reduce((sum, byte) => sum + ((byte >> bit) & 1), 0);
      expect(Math.abs(ones - 40_000)).toBeLessThan(800);
    }
  });

  test('shuffling keeps the items', () => {
    const items = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const shuffled = new SeededRandom(3).shuffled(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});
