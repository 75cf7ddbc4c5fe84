import { keyPairFromSeed, type KeyPair } from '../keys.ts';
import type { RandomBytes } from '../random.ts';

/**
 * A new key pair. The default source of randomness is the runtime's `crypto.getRandomValues`; a
 * source of your own must be unpredictable.
 *
 * @example
 * const { privateKey, publicKey } = generateKeyPair();
 */
export function generateKeyPair(random: RandomBytes = systemRandom): KeyPair {
  return keyPairFromSeed(random.bytes(32));
}

/** The runtime's cryptographic randomness: at most 65 536 bytes per call. */
export const systemRandom: RandomBytes = {
  bytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
};
