import { expect, it } from 'vitest';
import { keyPairFromSeed, readGodaveKey } from '../../src/api.ts';
import { everyBackend } from '../every-backend.ts';
import { fromHex, toHex } from './vector-files.ts';
import keys from './data/keys.json' with { type: 'json' };

it.each(keys)('seed $seed has the public key that Go derives', ({ seed, publicKey }) => {
  const pair = keyPairFromSeed(fromHex(seed));
  expect(toHex(pair.publicKey)).toBe(publicKey);
  expect(toHex(pair.privateKey)).toBe(seed);
  for (const backend of everyBackend()) expect(toHex(backend.publicKeyOf(fromHex(seed)))).toBe(publicKey);
  expect(readGodaveKey(fromHex(seed + publicKey))).toEqual(pair);
});
