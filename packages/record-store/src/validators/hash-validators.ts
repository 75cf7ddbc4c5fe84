import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../core/bytes.ts';
import { keyPrefix } from './key-prefix.ts';
import { INVALID, VALID, type Validator } from './validator.ts';

/** Options of `immutable`. */
export interface ImmutableOptions {
  /** Default SHA-256. hyperdht takes BLAKE2b with 32 bytes. */
  hash?: ((value: Uint8Array) => Uint8Array) | undefined;
  /** What keys start with before the hash. Default nothing. */
  prefix?: string | undefined;
}

/** Takes values whose hash is the key; nobody can put anything else there. */
export function immutable({ hash = sha256, prefix = '' }: ImmutableOptions = {}): Validator {
  const rest = keyPrefix(prefix);
  return {
    validate: ({ key, value }) => {
      const expected = rest(key);
      return expected !== undefined && equalBytes(hash(value), expected) ? VALID : INVALID;
    },
  };
}

/** Options of `publicKey`. */
export interface PublicKeyOptions {
  /** What keys start with before the multihash. Default `/pk/`. */
  prefix?: string | undefined;
}

const SHA2_256: Uint8Array = Uint8Array.of(0x12, 0x20);
const IDENTITY = 0x00;

/**
 * libp2p's public keys under their peer id: the key is `/pk/` and the multihash of the value, SHA-256 or,
 * for keys of up to 42 bytes, the value itself (specs/peer-ids).
 */
export function publicKey({ prefix = '/pk/' }: PublicKeyOptions = {}): Validator {
  const rest = keyPrefix(prefix);
  return {
    validate: ({ key, value }) => {
      const multihash = rest(key);
      if (multihash === undefined || value.length === 0) return INVALID;
      const isHash = multihash.length === 34 && equalBytes(multihash.subarray(0, 2), SHA2_256) && equalBytes(multihash.subarray(2), sha256(value));
      const isIdentity = value.length <= 42 && multihash[0] === IDENTITY && multihash[1] === value.length && equalBytes(multihash.subarray(2), value);
      return isHash || isIdentity ? VALID : INVALID;
    },
  };
}
