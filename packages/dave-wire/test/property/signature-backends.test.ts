import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { everyBackend } from '../every-backend.ts';

const { Point } = ed25519;
type Point = InstanceType<typeof Point>;

const TORSION: readonly Point[] = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex));
const bytes32: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 32, maxLength: 32 });
const torsion: fc.Arbitrary<Point> = fc.constantFrom(...TORSION);

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function verdicts(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean[] {
  return everyBackend().map((backend) => backend.verify(digest, signature, publicKey));
}

/** One verdict, and which it is. */
function verdict(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const all = verdicts(digest, signature, publicKey);
  expect(new Set(all).size, `noble, node, sodium: ${all.join(', ')}`).toBe(1);
  return all[0]!;
}

interface Crafted {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly k: bigint;
}

/** A signature by somebody who chooses scalar, nonce and torsion components of key and R, as only a malicious signer does. */
function craft(scalar: bigint, nonce: bigint, digest: Uint8Array, keyTorsion: Point, nonceTorsion: Point): Crafted {
  const publicKey = Point.BASE.multiplyUnsafe(scalar).add(keyTorsion).toBytes();
  const r = Point.BASE.multiplyUnsafe(nonce).add(nonceTorsion).toBytes();
  const k = Point.Fn.create(toNumber(sha512(Buffer.concat([r, publicKey, digest]))));
  const s = Point.Fn.toBytes(Point.Fn.create(nonce + k * scalar));
  return { publicKey, signature: Uint8Array.from(Buffer.concat([r, s])), k };
}

it('all backends sign alike, and accept what any of them has signed', () => {
  fc.assert(
    fc.property(bytes32, bytes32, (seed, digest) => {
      const [signature, ...others] = everyBackend().map((backend) => backend.sign(digest, seed));
      const [publicKey, ...otherKeys] = everyBackend().map((backend) => backend.publicKeyOf(seed));
      for (const other of others) expect(other).toEqual(signature);
      for (const other of otherKeys) expect(other).toEqual(publicKey);
      expect(verdict(digest, signature!, publicKey!)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

it('all backends refuse a signature, key or digest in which any one bit is flipped', () => {
  const bit = fc.integer({ min: 0, max: 8 * 128 - 1 });
  fc.assert(
    fc.property(bytes32, bytes32, bit, (seed, digest, position) => {
      const [backend] = everyBackend();
      const all = Uint8Array.from(Buffer.concat([backend!.sign(digest, seed), backend!.publicKeyOf(seed), digest]));
      all[position >> 3]! ^= 1 << (position & 7);
      expect(verdict(all.subarray(96), all.subarray(0, 64), all.subarray(64, 96))).toBe(false);
    }),
    { numRuns: 150 },
  );
});

it('all backends accept torsion in key and R exactly if the equation holds without the cofactor', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(bytes32, fc.bigInt(1n, 2n ** 250n), bytes32, torsion, torsion, (seed, nonce, digest, keyTorsion, nonceTorsion) => {
      const { scalar } = ed25519.utils.getExtendedPublicKey(seed);
      const { publicKey, signature, k } = craft(scalar, nonce, digest, keyTorsion, nonceTorsion);
      // [S]B − [k](A + T) = R − [k]T: it holds if R's own torsion is −[k]T.
      const expected = nonceTorsion.add(keyTorsion.multiplyUnsafe(k)).is0();
      expect(verdict(digest, signature, publicKey)).toBe(expected);
      if (expected) accepted += 1;
      else refused += 1;
    }),
    { numRuns: 200 },
  );
  expect(accepted).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});

it('all backends refuse a key of small order, and an R of small order, although the equation holds', () => {
  let holding = 0;
  for (const keyTorsion of TORSION) {
    for (let attempt = 0; attempt < 8; attempt++) {
      const digest = new Uint8Array(32).fill(attempt);
      for (const nonceTorsion of TORSION) {
        const smallKey = craft(0n, 1000n, digest, keyTorsion, nonceTorsion);
        if (nonceTorsion.add(keyTorsion.multiplyUnsafe(smallKey.k)).is0()) holding += 1;
        expect(verdict(digest, smallKey.signature, smallKey.publicKey)).toBe(false);
      }
      const smallNonce = craft(1000n, 0n, digest, Point.ZERO, keyTorsion);
      expect(verdict(digest, smallNonce.signature, smallNonce.publicKey)).toBe(false);
    }
  }
  expect(holding).toBeGreaterThan(0);
});

it('all backends refuse every key and every R of small order, canonical or not', () => {
  const p = 2n ** 255n - 19n;
  const encodings = TORSION.flatMap((point) => {
    const { y } = point.toAffine();
    const values = y + p < 2n ** 255n ? [y, y + p] : [y];
    return values.flatMap((value) => [0n, 1n].map((sign) => Point.Fp.toBytes(0n).map((_, at) => Number(((value | (sign << 255n)) >> BigInt(8 * at)) & 255n))));
  });
  const seed = new Uint8Array(32).fill(9);
  const digest = new Uint8Array(32).fill(1);
  const [backend] = everyBackend();
  const honest = { signature: backend!.sign(digest, seed), publicKey: backend!.publicKeyOf(seed) };
  for (const encoding of encodings) {
    // With A of small order and S = 0, R = −[k]A satisfies the equation for one digest in eight or better.
    for (let attempt = 0; attempt < 16; attempt++) {
      const message = new Uint8Array(32).fill(attempt);
      for (const r of encodings) expect(verdict(message, Uint8Array.from([...r, ...new Uint8Array(32)]), Uint8Array.from(encoding))).toBe(false);
    }
    expect(verdict(digest, Uint8Array.from([...encoding, ...honest.signature.subarray(32)]), honest.publicKey)).toBe(false);
    expect(verdict(digest, honest.signature, Uint8Array.from(encoding))).toBe(false);
  }
});

it('all backends refuse S + L, and lengths other than 64 and 32', () => {
  fc.assert(
    fc.property(bytes32, bytes32, fc.uint8Array({ minLength: 1, maxLength: 40 }), (seed, digest, tail) => {
      const [backend] = everyBackend();
      const signature = backend!.sign(digest, seed);
      const publicKey = backend!.publicKeyOf(seed);
      const larger = toNumber(signature.subarray(32)) + Point.Fn.ORDER;
      const malleable = signature.map((byte, at) => (at < 32 ? byte : Number((larger >> BigInt(8 * (at - 32))) & 255n)));
      expect(verdict(digest, malleable, publicKey)).toBe(false);
      expect(verdict(digest, Uint8Array.from([...signature, ...tail]), publicKey)).toBe(false);
      expect(verdict(digest, signature, Uint8Array.from([...publicKey, ...tail]))).toBe(false);
      expect(verdict(digest, signature.subarray(0, 64 - tail.length), publicKey)).toBe(false);
      expect(verdict(digest, signature, publicKey.subarray(0, Math.max(0, 32 - tail.length)))).toBe(false);
    }),
    { numRuns: 40 },
  );
});

it('all backends agree on random bytes as key and R, most of them on no curve', () => {
  fc.assert(
    fc.property(bytes32, bytes32, bytes32, bytes32, (digest, publicKey, r, s) => {
      s[31]! &= 0x0f;
      expect(verdict(digest, Uint8Array.from([...r, ...s]), publicKey)).toBe(false);
    }),
    { numRuns: 100 },
  );
});
