import { describe, expect, it } from 'vitest';
import { nodeBackend } from '../../src/node.ts';
import { everyBackend } from '../every-backend.ts';
import { fromHex } from './vector-files.ts';
import speccheck from './data/ed25519/speccheck-cases.json' with { type: 'json' };
import wycheproof from './data/ed25519/wycheproof.json' with { type: 'json' };

describe.each(everyBackend())('$name: Wycheproof Ed25519', (backend) => {
  it(`agrees with the result of all ${wycheproof.numberOfTests} cases`, () => {
    const wrong: string[] = [];
    let judged = 0;
    for (const group of wycheproof.testGroups) {
      for (const test of group.tests) {
        judged += 1;
        const accepted = backend.verify(fromHex(test.msg), fromHex(test.sig), fromHex(group.publicKey.pk));
        if (accepted !== (test.result === 'valid')) wrong.push(`tcId ${test.tcId} ${test.comment}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(judged).toBe(wycheproof.numberOfTests);
  });
});

describe.each(everyBackend())('$name: "Taming the many EdDSAs"', (backend) => {
  it.each(speccheck.map((test, number) => ({ ...test, number })))('case $number is accepted only if it is case 3', (test) => {
    expect(backend.verify(fromHex(test.message), fromHex(test.signature), fromHex(test.pub_key))).toBe(test.number === 3);
  });
});

it('node:crypto gives the same verdicts on its thread pool', async () => {
  const verifyAsync = nodeBackend.verifyAsync!;
  const verdicts = await Promise.all(speccheck.map((test) => verifyAsync(fromHex(test.message), fromHex(test.signature), fromHex(test.pub_key))));
  expect(verdicts).toEqual(speccheck.map((_, number) => number === 3));
});

it('node:crypto has taken the bytes when verifyAsync returns', async () => {
  const { message, signature, pub_key: publicKey } = speccheck[3]!;
  const mine = [fromHex(message), fromHex(signature), fromHex(publicKey)] as const;
  const verdict = nodeBackend.verifyAsync!(...mine);
  for (const bytes of mine) bytes.fill(0);
  expect(await verdict).toBe(true);
});
