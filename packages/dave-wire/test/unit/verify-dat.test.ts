import { beforeAll, describe, expect, it } from 'vitest';
import { createDat, datDigest, generateKeyPair, nobleBackend, verifyDat, verifyDatSync, type Dat, type SignatureBackend } from '../../src/api.ts';

const NOW = 1_800_000_000_000;
let dat: Dat;

beforeAll(async () => {
  dat = await createDat({ privateKey: generateKeyPair().privateKey, key: 'käse', value: Uint8Array.of(1, 2, 3), time: NOW, difficulty: 10 });
});

async function reasonOf(changed: Dat, options: { now?: number; minWork?: number; skewMs?: number } = {}): Promise<string> {
  const verdict = await verifyDat(changed, { now: NOW, ...options });
  expect(verifyDatSync(changed, { now: NOW, ...options })).toEqual(verdict);
  return verdict.valid ? 'valid' : verdict.reason;
}

const flipped = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

it('a dat of this very millisecond is valid, one of the next is not', async () => {
  expect(await reasonOf(dat)).toBe('valid');
  expect(await reasonOf(dat, { now: NOW - 1 })).toBe('future');
});

it('a skew allowance moves that border', async () => {
  expect(await reasonOf(dat, { now: NOW - 300, skewMs: 300 })).toBe('valid');
  expect(await reasonOf(dat, { now: NOW - 301, skewMs: 300 })).toBe('future');
});

it('a raised minimum of work is inclusive', async () => {
  const bits = Math.clz32((dat.work[0]! << 24) | (dat.work[1]! << 16) | (dat.work[2]! << 8) | dat.work[3]!);
  expect(await reasonOf(dat, { minWork: bits })).toBe('valid');
  expect(await reasonOf(dat, { minWork: bits + 1 })).toBe('work-too-low');
});

it('reasons come in the order time, work, match, signature', async () => {
  const all = { ...dat, time: NOW + 1, work: new Uint8Array(32).fill(255), salt: flipped(dat.salt), value: flipped(dat.value) };
  expect(await reasonOf(all)).toBe('future');
  expect(await reasonOf({ ...all, time: NOW })).toBe('work-too-low');
  expect(await reasonOf({ ...all, time: NOW, work: dat.work })).toBe('work-mismatch');
  expect(await reasonOf({ ...all, time: NOW, work: dat.work, salt: dat.salt })).toBe('signature');
});

describe('what cannot be encoded is malformed, not an exception', () => {
  const cases: [string, Partial<Dat>][] = [
    ['salt of 15 bytes', { salt: new Uint8Array(15) }],
    ['work of 33 bytes', { work: new Uint8Array(33) }],
    ['signature of 65 bytes', { signature: new Uint8Array(65) }],
    ['public key of 31 bytes', { publicKey: new Uint8Array(31) }],
    ['value of 65 536 bytes', { value: new Uint8Array(65_536) }],
    ['key of 256 bytes', { key: 'k'.repeat(256) }],
    ['key of 86 three-byte characters', { key: '€'.repeat(86) }],
    ['key with a lone surrogate', { key: '\udc00' }],
    ['time of 2^53', { time: 2 ** 53 }],
    ['negative time', { time: -1 }],
    ['fractional time', { time: 0.5 }],
    ['time that is no number', { time: Number.NaN }],
  ];
  it.each(cases)('%s', async (_, change) => {
    expect(await reasonOf({ ...dat, ...change })).toBe('malformed');
  });
});

it('takes the dat before it returns, although the signature is checked later', async () => {
  let finish: (() => void) | undefined;
  const slow: SignatureBackend = {
    ...nobleBackend,
    verifyAsync(digest, signature, publicKey) {
      const valid = nobleBackend.verify(digest, signature, publicKey);
      return new Promise((resolve) => (finish = () => resolve(valid)));
    },
  };
  const mine: Dat = { ...dat, signature: dat.signature.slice(), value: dat.value.slice() };
  const verdict = verifyDat(mine, { now: NOW, backend: slow });
  mine.signature.fill(0);
  mine.value.fill(0);
  finish?.();
  expect(await verdict).toEqual({ valid: true });
});

it('asks verifyAsync where there is one, and verify where the caller wants no promise', async () => {
  const asked: string[] = [];
  const backend: SignatureBackend = {
    ...nobleBackend,
    verify: () => (asked.push('verify'), false),
    verifyAsync: async () => (asked.push('verifyAsync'), true),
  };
  expect(await verifyDat(dat, { now: NOW, backend })).toEqual({ valid: true });
  expect(verifyDatSync(dat, { now: NOW, backend })).toEqual({ valid: false, reason: 'signature' });
  expect(asked).toEqual(['verifyAsync', 'verify']);
});

it('the digest covers times above 2^32, and does not know where the key ends', () => {
  expect(datDigest(dat)).not.toEqual(datDigest({ ...dat, time: dat.time + 2 ** 32 }));
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  expect(datDigest({ key: 'ab', value: text('c'), time: 1 })).toEqual(datDigest({ key: 'a', value: text('bc'), time: 1 }));
});

it.each([-1, 0.5, 2 ** 53, Number.NaN])('no digest is made of the time %d', (time) => {
  expect(() => datDigest({ key: 'k', value: new Uint8Array(0), time })).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
});

it.each([
  ['no clock', {}],
  ['a clock that is no number', { now: 'x' }],
  ['a clock of NaN', { now: Number.NaN }],
  ['a skew of NaN', { now: NOW, skewMs: Number.NaN }],
  ['a demand of NaN bits', { now: NOW, minWork: Number.NaN }],
  ['a demand below nothing', { now: NOW, minWork: -1 }],
])('%s is a mistake of the caller, and switches no check off', async (_, options) => {
  const ahead = { ...dat, time: NOW + 1 };
  await expect(verifyDat(ahead, options as { now: number })).rejects.toThrow(TypeError);
  expect(() => verifyDatSync(ahead, options as { now: number })).toThrow(TypeError);
});
