import { describe, expect, it } from 'vitest';
import { blake3, keyPairFromSeed, verifySolution, verifySolutionSync, type Solution } from '../../src/api.ts';
import { everyBackend } from '../every-backend.ts';
import { fromHex, toHex } from './vector-files.ts';
import auth from './data/auth.json' with { type: 'json' };

describe.each(auth)('challenge $challenge, answered by Go', ({ challenge, salt, seed, signature, digest, hex }) => {
  const { publicKey } = keyPairFromSeed(fromHex(seed));
  const solution: Solution = { challenge: fromHex(challenge), salt: fromHex(salt), publicKey, signature: fromHex(signature) };

  it('is signed over the same digest, with the same signature', () => {
    expect(toHex(blake3(fromHex(challenge), fromHex(salt)))).toBe(digest);
    for (const backend of everyBackend()) expect(toHex(backend.sign(fromHex(digest), fromHex(seed)))).toBe(signature);
    expect([solution.challenge, solution.salt, publicKey, solution.signature].map(toHex).join('')).toBe(hex);
  });

  it('convinces, and no longer does with any field changed', async () => {
    for (const backend of everyBackend()) {
      expect(await verifySolution(solution, fromHex(challenge), { backend })).toBe(true);
      expect(verifySolutionSync(solution, fromHex(challenge), { backend })).toBe(true);
      for (const field of ['challenge', 'salt', 'publicKey', 'signature'] as const) {
        const changed = { ...solution, [field]: solution[field].map((byte, at) => (at === 3 ? byte ^ 1 : byte)) };
        expect(await verifySolution(changed, fromHex(challenge), { backend })).toBe(false);
        // Also for an asker who has sent the changed challenge: then the signature does not fit.
        expect(verifySolutionSync(changed, changed.challenge, { backend })).toBe(false);
      }
    }
  });
});
