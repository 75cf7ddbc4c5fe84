import { describe, expect, it } from 'vitest';
import { generateKeyPair, keyPairFromSeed, readGodaveKey, systemRandom } from '../../src/api.ts';
import { publicKeyOf } from '../../src/keys.ts';
import { everyBackend } from '../every-backend.ts';
import { seededRandom } from '../seeded-random.ts';

const seed = new Uint8Array(32).fill(5);

describe('keyPairFromSeed', () => {
  it('copies the seed', () => {
    const mine = seed.slice();
    const pair = keyPairFromSeed(mine);
    mine.fill(0);
    expect(pair.privateKey).toEqual(seed);
  });

  it('hands out public keys that can be written to without harm', () => {
    const { privateKey, publicKey } = keyPairFromSeed(seed);
    const again = publicKeyOf(privateKey).slice();
    publicKey.fill(0);
    expect(publicKeyOf(privateKey)).toEqual(again);
  });

  it.each([0, 31, 33, 64])('refuses %d bytes', (length) => {
    expect(() => keyPairFromSeed(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_LENGTH' }));
  });
});

it('text is no key, even of 32 characters', () => {
  expect(() => keyPairFromSeed('a'.repeat(32) as unknown as Uint8Array)).toThrow(TypeError);
});

describe('what is remembered by array', () => {
  it('is dropped when another seed is written into the array', () => {
    const array = seed.slice();
    const first = publicKeyOf(array).slice();
    const signatures = everyBackend().map((backend) => backend.sign(seed, array));
    array.fill(6);
    expect(publicKeyOf(array)).not.toEqual(first);
    everyBackend().forEach((backend, at) => {
      expect(backend.publicKeyOf(array)).toEqual(publicKeyOf(array));
      const signature = backend.sign(seed, array);
      expect(signature).not.toEqual(signatures[at]);
      expect(backend.verify(seed, signature, publicKeyOf(array))).toBe(true);
    });
  });
});

describe('readGodaveKey', () => {
  const { publicKey } = keyPairFromSeed(seed);

  it('reads seed ‖ public key', () => {
    expect(readGodaveKey(Uint8Array.from([...seed, ...publicKey]))).toEqual({ privateKey: seed, publicKey });
  });

  it.each([0, 32, 63, 65, 128])('refuses %d bytes', (length) => {
    expect(() => readGodaveKey(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_LENGTH' }));
  });

  it('refuses a public key that is not the seed\'s', () => {
    const damaged = Uint8Array.from([...seed, ...publicKey]);
    damaged[63]! ^= 1;
    expect(() => readGodaveKey(damaged)).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
  });
});

describe('generateKeyPair', () => {
  it('takes its seed from the source that is passed', () => {
    expect(generateKeyPair(seededRandom(1))).toEqual(generateKeyPair(seededRandom(1)));
    expect(generateKeyPair(seededRandom(1))).not.toEqual(generateKeyPair(seededRandom(2)));
  });

  it('never gives the same pair twice by default', () => {
    expect(generateKeyPair().publicKey).not.toEqual(generateKeyPair().publicKey);
    expect(systemRandom.bytes(7)).toHaveLength(7);
  });
});
