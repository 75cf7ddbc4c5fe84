import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressPrefix } from '../../src/core/full-key/address-prefix.ts';
import { bytesText, compareBytes } from '../../src/core/bytes.ts';
import { fromHex, toHex } from '../../src/core/hex.ts';
import { compareDue, fromToken, toToken, type DueAt } from '../../src/core/schedule.ts';
import { decodeProvider, decodeValue, encodeProvider, encodeValue, providerRowKey, splitProviderRowKey } from '../../src/core/stored-codec.ts';
import { RecordStoreError } from '../../src/index.ts';
import { bencodeDictionary, bencodeEnd } from '../../src/validators/bencode.ts';
import { bep44 } from '../../src/validators/bep44.ts';
import { decodeSignedSeq, encodeSignedSeq, signedSeq } from '../../src/validators/signed-seq.ts';
import { publicKey } from '../../src/validators/hash-validators.ts';

const runs = { numRuns: process.env['RECORD_STORE_LONG'] === '1' ? 200_000 : 2000 };
const bytes = (maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength, maxLength });
const time = fc.oneof(fc.integer({ min: 0, max: 2 ** 48 }), fc.constant(Number.POSITIVE_INFINITY));
const key = bytes(64, 1);
const owner = { local: fc.boolean(), origin: fc.option(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), { nil: undefined }) };

const value = fc.record({ ...owner, value: bytes(200), publisher: fc.option(bytes(64, 1), { nil: undefined }), rank: fc.option(bytes(64), { nil: undefined }), expires: time, storedAt: fc.integer({ min: 0, max: 2 ** 48 }) });
const provider = fc.record({
  ...owner,
  addresses: fc.array(fc.string({ maxLength: 60, unit: 'grapheme' }), { maxLength: 20 }),
  expires: time,
  storedAt: fc.integer({ min: 0, max: 2 ** 48 }),
  position: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

/** Every cut, every byte changed at random, and noise: a typed refusal or a record, never another error. */
function survivesDamage(row: Uint8Array, decode: (row: Uint8Array) => unknown, seed: number): void {
  const attempt = (damaged: Uint8Array): void => {
    try {
      decode(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(RecordStoreError);
      expect((error as RecordStoreError).code).toBe('RECORD_STORE_CORRUPT');
    }
  };
  for (let end = 0; end < row.length; end += 1 + Math.floor(row.length / 40)) attempt(row.subarray(0, end));
  for (let at = 0; at < Math.min(row.length, 60); at++) {
    const copy = Uint8Array.from(row);
    copy[at] = (copy[at]! + 1 + ((seed + at * 7) % 255)) & 0xff;
    attempt(copy);
  }
}

describe('rows', () => {
  test('a value row gives back what went in, and survives damage', () => {
    fc.assert(
      fc.property(key, value, fc.nat(), (name, stored, seed) => {
        const row = encodeValue(stored);
        expect(decodeValue(name, row)).toEqual({ ...stored, key: name, bytes: name.length + stored.value.length + (stored.publisher?.length ?? 0) });
        survivesDamage(row, (damaged) => decodeValue(name, damaged), seed);
      }),
      { ...runs, numRuns: runs.numRuns / 10 },
    );
  });

  test('a provider row gives back what went in, and survives damage', () => {
    fc.assert(
      fc.property(key, key, provider, fc.nat(), (name, id, stored, seed) => {
        const row = encodeProvider(stored);
        const size = name.length + id.length + stored.addresses.join('').length;
        expect(decodeProvider(name, id, row)).toEqual({ ...stored, key: name, provider: id, bytes: size });
        survivesDamage(row, (damaged) => decodeProvider(name, id, damaged), seed);
      }),
      { ...runs, numRuns: runs.numRuns / 10 },
    );
  });

  test('noise is no row', () => {
    fc.assert(
      fc.property(bytes(80), (noise) => {
        for (const decode of [() => decodeValue(noise, noise), () => decodeProvider(noise, noise, noise), () => splitProviderRowKey(noise)]) {
          try {
            decode();
          } catch (error) {
            expect((error as RecordStoreError).code).toBe('RECORD_STORE_CORRUPT');
          }
        }
      }),
      runs,
    );
  });

  test('keys of provider rows come apart again, and no key’s rows start as another’s do', () => {
    fc.assert(
      fc.property(key, key, key, key, (one, id, other, otherId) => {
        const row = providerRowKey(one, id);
        expect(splitProviderRowKey(row)).toEqual({ key: one, provider: id });
        const start = row.subarray(0, 2 + one.length);
        if (compareBytes(one, other) !== 0) expect(compareBytes(providerRowKey(other, otherId).subarray(0, start.length), start)).not.toBe(0);
      }),
      runs,
    );
  });
});

describe('tokens and keys', () => {
  const at = fc.record({ dueMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), kind: fc.constantFrom('publish', 'replicate', 'provide'), key: bytes(1024, 1) }) as fc.Arbitrary<DueAt>;

  test('a token gives back its place', () => {
    fc.assert(fc.property(at, (place) => {
        expect(fromToken(toToken(place))).toEqual(place);
      }), { ...runs, numRuns: runs.numRuns / 4 });
  });

  test('what is no token is RECORD_STORE_TOKEN, whatever it is', () => {
    const near = fc.tuple(at, fc.nat(), fc.string({ maxLength: 2 })).map(([place, where, text]) => {
      const token = toToken(place);
      const cut = where % token.length;
      return token.slice(0, cut) + text + token.slice(cut + 1);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near, fc.anything() as fc.Arbitrary<string>), (token) => {
        try {
          expect(toToken(fromToken(token))).toBe(token);
        } catch (error) {
          if (!(error instanceof RecordStoreError)) throw error;
          expect(error.code).toBe('RECORD_STORE_TOKEN');
        }
      }),
      runs,
    );
  });

  test('places are ordered in one way', () => {
    fc.assert(
      fc.property(at, at, (one, other) => {
        expect(Math.sign(compareDue(one, other))).toBe(-Math.sign(compareDue(other, one)) + 0);
        expect(compareDue(one, one)).toBe(0);
      }),
      runs,
    );
  });

  test('hex and text are equal and ordered as the bytes are', () => {
    fc.assert(
      fc.property(bytes(300), bytes(300), (one, other) => {
        expect(fromHex(toHex(one))).toEqual(one);
        const order = Math.sign(compareBytes(one, other));
        for (const write of [toHex, bytesText]) expect(write(one) < write(other) ? -1 : write(one) > write(other) ? 1 : 0).toBe(order);
      }),
      runs,
    );
  });

  test('an address of any kind has a network', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom(...'0123456789abcdef.:/[]'.split('')) })), (address) => {
        expect(typeof addressPrefix(address)).toBe('string');
      }), runs);
  });
});

describe('validators', () => {
  test('noise is refused, not thrown at', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(60, 1), bytes(300), async (name, noise) => {
        for (const validator of [signedSeq({ verify: () => true }), bep44({ verify: () => true }), publicKey()]) expect(await validator.validate({ key: name, value: noise }, 0)).toMatchObject({ valid: false });
      }),
      runs,
    );
  });

  test('bencode: what is no bencode ends nowhere, and a dictionary’s members lie in it', () => {
    const text = fc.string({ unit: fc.constantFrom(...'dlei0123456789:-vksx'.split('')), maxLength: 60 });
    fc.assert(
      fc.property(text, (source) => {
        const encoded = Uint8Array.from(source, (character) => character.charCodeAt(0));
        const end = bencodeEnd(encoded, 0);
        if (end !== undefined) expect(end).toBeLessThanOrEqual(encoded.length);
        for (const span of bencodeDictionary(encoded)?.values() ?? []) expect(span.start < span.end && span.end < encoded.length).toBe(true);
      }),
      { ...runs, numRuns: runs.numRuns * 5 },
    );
  });

  test('signed items come apart again', () => {
    const item = fc.record({ publicKey: bytes(32, 32), seq: fc.oneof(fc.nat(300), fc.maxSafeNat()), value: bytes(400), signature: bytes(64, 64) });
    fc.assert(fc.property(item, (signed) => {
        expect(decodeSignedSeq(encodeSignedSeq(signed))).toEqual(signed);
      }), runs);
  });
});
