import { createRequire } from 'node:module';
import type { SignatureBackend } from '../signature/backend.ts';
import { isStrict } from '../signature/strict.ts';

/** What is used of `sodium-native`, which has no declarations of its own. */
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

type Loaded = { readonly sodium: Sodium } | { readonly failure: unknown };

const loaded: Loaded = load();

/**
 * libsodium through the optional peer dependency `sodium-native`: about 55 µs per verification, half
 * of what node:crypto takes. `undefined` if it cannot be loaded; `sodiumFailure` says why.
 */
export const sodiumBackend: SignatureBackend | undefined = 'sodium' in loaded ? backendOf(loaded.sodium) : undefined;

/** Why `sodiumBackend` is undefined: what `require('sodium-native')` threw. `undefined` if it works. */
export const sodiumFailure: unknown = 'failure' in loaded ? loaded.failure : undefined;

/** Synchronous, because a top-level await would keep this package from `require()`. */
function load(): Loaded {
  try {
    return { sodium: createRequire(import.meta.url)('sodium-native') as Sodium };
  } catch (failure) {
    // Not installed, or not built for this platform: another backend serves, and `sodiumFailure` tells.
    return { failure };
  }
}

function backendOf(sodium: Sodium): SignatureBackend {
  /** libsodium's 64-byte secret keys, which are seed ‖ public key, by the array that holds the seed. */
  const secretKeys = new WeakMap<Uint8Array, Uint8Array>();

  function secretKeyOf(seed: Uint8Array): Uint8Array {
    const known = secretKeys.get(seed);
    // The caller may have written another seed into the same array.
    if (known !== undefined && seed.every((byte, at) => byte === known[at])) return known;
    const secretKey = new Uint8Array(64);
    sodium.crypto_sign_seed_keypair(new Uint8Array(32), secretKey, seed);
    secretKeys.set(seed, secretKey);
    return secretKey;
  }

  return {
    name: 'sodium',
    publicKeyOf: (privateKey) => secretKeyOf(privateKey).slice(32),
    sign(digest, privateKey) {
      const signature = new Uint8Array(64);
      sodium.crypto_sign_detached(signature, digest, secretKeyOf(privateKey));
      return signature;
    },
    verify: (digest, signature, publicKey) => isStrict(signature, publicKey) && sodium.crypto_sign_verify_detached(signature, digest, publicKey),
  };
}
