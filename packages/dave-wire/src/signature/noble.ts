import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import type { SignatureBackend } from './backend.ts';
import { isStrict } from './strict.ts';

const { Point } = ed25519;

/**
 * Pure JavaScript, for every runtime: about 1.2 ms per verification. The library's own `verify`
 * multiplies by the cofactor and so accepts signatures that the others refuse; the equation is
 * therefore checked here, on its curve arithmetic.
 */
export const nobleBackend: SignatureBackend = {
  name: 'noble',
  publicKeyOf: (privateKey) => ed25519.getPublicKey(privateKey),
  sign: (digest, privateKey) => ed25519.sign(digest, privateKey),
  verify: (digest, signature, publicKey) => isStrict(signature, publicKey) && equationHolds(digest, signature, publicKey),
};

/** encode([S]B − [k]A) = R with k = SHA-512(R ‖ A ‖ digest) mod L. R itself is never decoded: a canonical one that is no point equals no encoding. */
function equationHolds(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const point = decodePoint(publicKey);
  if (point === undefined) return false;
  const r = signature.subarray(0, 32);
  const k = Point.Fn.create(littleEndian(sha512.create().update(r).update(publicKey).update(digest).digest()));
  const s = littleEndian(signature.subarray(32));
  const expected = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(k)).toBytes();
  return expected.every((byte, at) => byte === r[at]);
}

function decodePoint(publicKey: Uint8Array): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(publicKey, false);
  } catch {
    // The library reports bytes that are on no curve this way, and nothing else can go wrong here.
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let hex = '0x';
  for (let at = bytes.length - 1; at >= 0; at--) hex += bytes[at]!.toString(16).padStart(2, '0');
  return BigInt(hex);
}
