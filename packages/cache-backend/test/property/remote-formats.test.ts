import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseValue } from '../../src/backends/redis/redis-entry.ts';
import { parseLock } from '../../src/backends/s3/s3-locks.ts';
import { formatGone, formatS3Pointer, parseS3Pointer } from '../../src/backends/s3/s3-pointer.ts';
import { hashKey } from '../../src/io/store/layout.ts';
import { formatPointer, type Pointer } from '../../src/pointer.ts';

const RUNS = Number(process.env['CACHE_FUZZ_RUNS'] ?? 300);
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const wellFormed = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());

const pointers: fc.Arbitrary<Pointer> = fc.record(
  {
    key: wellFormed,
    description: wellFormed,
    tree: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    sizeBytes: fc.maxSafeNat(),
    allocatedBytes: fc.maxSafeNat(),
    sharedBytes: fc.nat(),
    files: fc.nat(),
    cachedAtMs: fc.nat(),
    expiresAtMs: fc.integer({ min: 1, max: 2 ** 45 }),
  },
  { requiredKeys: ['key', 'description', 'tree', 'sizeBytes', 'allocatedBytes', 'sharedBytes', 'files', 'cachedAtMs'] },
);

const valueOf = (pointer: Pointer): string => `7 ${pointer.expiresAtMs ?? 0} ${pointer.tree} ${formatPointer(pointer, sha256)}`;

/** A text with a character replaced, a part removed, or something put in. */
const mutate = (text: string, at: number, change: string): string => {
  const place = at % (text.length + 1);
  return change === '' ? text.slice(0, place) : text.slice(0, place) + change + text.slice(place + 1);
};

describe('what comes from a shared store', () => {
  test('an entry in Redis is read back, and no change to it is taken for an entry', () => {
    fc.assert(
      fc.property(pointers, fc.nat(), fc.string({ maxLength: 3 }), (pointer, at, change) => {
        const value = valueOf(pointer);
        const hash = hashKey(pointer.key);
        expect(parseValue(hash, value)).toEqual(pointer);
        expect(parseValue('0'.repeat(64), value)).toBeUndefined();
        const changed = mutate(value, at, change);
        // The token in front is the server's own business.
        if (changed.slice(changed.indexOf(' ')) !== value.slice(value.indexOf(' '))) expect(parseValue(hash, changed)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
  });

  test('a pointer in S3 is read back, and no change to it is taken for a pointer', () => {
    fc.assert(
      fc.property(pointers, fc.boolean(), fc.nat(), fc.string({ maxLength: 3 }), (pointer, isPinned, at, change) => {
        const text = formatS3Pointer(pointer, isPinned, 'ab');
        const hash = hashKey(pointer.key);
        expect(parseS3Pointer(hash, text)).toEqual({ pointer, isPinned });
        expect(parseS3Pointer('0'.repeat(64), text)).toBe('corrupt');
        const changed = mutate(text, at, change);
        if (changed !== text) expect(parseS3Pointer(hash, changed)).toBe('corrupt');
      }),
      { numRuns: RUNS },
    );
  });

  test('nothing makes a parser throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant(formatGone('ab'))), (text) => {
        expect(parseValue('0'.repeat(64), text)).toBeUndefined();
        expect(['corrupt', 'gone']).toContain(parseS3Pointer('0'.repeat(64), text));
        const lock = parseLock(text);
        expect(typeof lock.held).toBe('boolean');
        expect(Number.isSafeInteger(lock.epoch)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test('a sound digest does not make a forged pointer sound', () => {
    const good: Pointer = { key: 'key', description: '', tree: 'ab'.repeat(32), sizeBytes: 1, allocatedBytes: 1, sharedBytes: 0, files: 1, cachedAtMs: 1 };
    const hash = hashKey('key');
    for (const change of [{ tree: '../../../outside' }, { tree: '/etc' }, { tree: `${good.tree}-1` }, { key: 'other' }, { key: '\ud800' }, { key: '' }, { sizeBytes: -1 }]) {
      const forged = { ...good, ...change };
      expect(parseS3Pointer(hash, formatS3Pointer(forged, false, '')), JSON.stringify(change)).toBe('corrupt');
      expect(parseValue(hash, valueOf(forged)), JSON.stringify(change)).toBeUndefined();
    }
    // The server decides by the words in front.
    expect(parseValue(hash, `7 5 ${good.tree} ${formatPointer(good, sha256)}`)).toBeUndefined();
    expect(parseValue(hash, `7 0 ${'cd'.repeat(32)} ${formatPointer(good, sha256)}`)).toBeUndefined();
  });
});
