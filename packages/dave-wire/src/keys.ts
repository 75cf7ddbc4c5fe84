import { copyBytes } from './copy-bytes.ts';
import { WireError } from './errors.ts';
import { defaultBackend } from './signature/default-backend.ts';

/** An ed25519 key pair. */
export interface KeyPair {
  /** The 32-byte seed of RFC 8032, from which everything else follows. Go's 64-byte form is this ‖ `publicKey`. */
  privateKey: Uint8Array;
  /** 32 bytes. Its first 8 bytes are the peer id. */
  publicKey: Uint8Array;
}

/**
 * Key pair of a 32-byte seed. The seed is copied. Another length is `WIRE_BAD_LENGTH`. Source: RFC
 * 8032, section 5.1.5.
 *
 * @example
 * const { privateKey, publicKey } = keyPairFromSeed(seed);
 */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  const publicKey = publicKeyOf(seed).slice();
  return { privateKey: copyBytes(seed), publicKey };
}

/**
 * Key pair from a key file of the Go implementation: 64 bytes, seed ‖ public key. Another length is
 * `WIRE_BAD_LENGTH`, a public key that does not belong to the seed `WIRE_BAD_VALUE`: signing with a
 * mismatched pair would reveal the seed.
 */
export function readGodaveKey(bytes: Uint8Array): KeyPair {
  if (bytes.length !== 64) {
    throw new WireError('WIRE_BAD_LENGTH', `A godave key file has 64 bytes, this one has ${bytes.length}: pass its raw content, not hex.`);
  }
  const pair = keyPairFromSeed(bytes.subarray(0, 32));
  if (!pair.publicKey.every((byte, at) => byte === bytes[32 + at])) {
    throw new WireError('WIRE_BAD_VALUE', 'The public key in this godave key file does not belong to its seed: the file is damaged.');
  }
  return pair;
}

interface Derived {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** By the caller's array, so that a key lives here no longer than there. */
const derived: WeakMap<Uint8Array, Derived> = new WeakMap<Uint8Array, Derived>();

/** Public key of a seed, remembered as long as the seed's array lives. The result must not be written to. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  assertPrivateKey(privateKey);
  const known = derived.get(privateKey);
  // The caller may have written another seed into the same array.
  if (known?.seed.every((byte, at) => byte === privateKey[at])) return known.publicKey;
  const publicKey = defaultBackend().publicKeyOf(privateKey);
  derived.set(privateKey, { seed: copyBytes(privateKey), publicKey });
  return publicKey;
}

export function assertPrivateKey(privateKey: Uint8Array): void {
  if (!(privateKey instanceof Uint8Array)) throw new TypeError('A private key is a Uint8Array: decode hex or base64 first.');
  if (privateKey.length === 32) return;
  const hint = privateKey.length === 64 ? ': read Go\'s 64-byte form with readGodaveKey' : '';
  throw new WireError('WIRE_BAD_LENGTH', `A private key is a 32-byte seed, this one has ${privateKey.length} bytes${hint}.`);
}
