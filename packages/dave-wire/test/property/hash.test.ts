import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { blake3, xxHash64 } from '../../src/hash.ts';
import { referenceXxHash64 } from '../xxhash64-reference.ts';

const parts = fc.array(fc.uint8Array({ maxLength: 6000 }), { maxLength: 12 });

it('hashes any parts as their concatenation', () => {
  fc.assert(
    fc.property(parts, (list) => {
      const whole = Uint8Array.from(Buffer.concat(list));
      expect(blake3(...list)).toEqual(nobleBlake3(whole));
      expect(xxHash64(...list)).toBe(referenceXxHash64(whole));
    }),
    { numRuns: 150 },
  );
});
