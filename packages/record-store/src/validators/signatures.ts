import { ed25519 } from '@noble/curves/ed25519.js';

/** Verifies an ed25519 signature (RFC 8032). */
export type VerifySignature = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean | Promise<boolean>;

/** In JavaScript, about a millisecond; give a native one where many records come in. */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}
