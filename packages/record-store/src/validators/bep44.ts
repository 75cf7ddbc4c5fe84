import { sha1 } from '@noble/hashes/legacy.js';
import { equalBytes } from '../core/bytes.ts';
import { bencodeDictionary, bencodeInteger, bencodeString } from './bencode.ts';
import { keyPrefix } from './key-prefix.ts';
import { verifyEd25519, type VerifySignature } from './signatures.ts';
import { INVALID, seqRank, VALID, type Validator, type Verdict } from './validator.ts';

const MAX_VALUE_BYTES = 1000;
const MAX_SALT_BYTES = 64;
const MAX_SEQ = 2n ** 63n - 1n;
/** What an item may have: anything else would be stored unsigned. */
const MEMBERS: ReadonlySet<string> = new Set(['k', 'salt', 'seq', 'sig', 'v']);

/** Options of `bep44`. */
export interface Bep44Options {
  /** Default: in JavaScript. */
  verify?: VerifySignature | undefined;
  /** What keys start with before the target. Default nothing. */
  prefix?: string | undefined;
}

/**
 * BitTorrent's items (BEP 44). The value is a bencoded dictionary with `v`, and for mutable items `k`,
 * `seq`, `sig` and perhaps `salt`; the key is SHA-1 of the bencoded `v`, or of `k` and salt. `v` is at
 * most 1000 bytes bencoded, a salt 64: beyond it is `too-large`. `cas` is `ifVersion: seqRank(cas)`. A
 * lower seq is `stale`, an equal one with another value a `conflict`, with the same a refresh.
 */
export function bep44({ verify = verifyEd25519, prefix = '' }: Bep44Options = {}): Validator {
  const rest = keyPrefix(prefix);
  return {
    validate: ({ key, value }) => {
      const target = rest(key);
      const members = bencodeDictionary(value);
      const v = members?.get('v');
      if (target === undefined || members === undefined || v === undefined || [...members.keys()].some((name) => !MEMBERS.has(name))) return INVALID;
      if (v.end - v.start > MAX_VALUE_BYTES) return { valid: false, reason: 'too-large' };
      const content = value.subarray(v.start, v.end);
      if (members.size === 1) return equalBytes(target, sha1(content)) ? VALID : INVALID;
      const bytesOf = (name: string): Uint8Array | undefined => (members.has(name) ? bencodeString(value, members.get(name)!) : undefined);
      const [publicKey, signature, salt] = [bytesOf('k'), bytesOf('sig'), bytesOf('salt')];
      const seq = members.has('seq') ? bencodeInteger(value, members.get('seq')!) : undefined;
      if (publicKey?.length !== 32 || signature?.length !== 64 || seq === undefined || seq < 0n || seq > MAX_SEQ || (members.has('salt') && salt === undefined)) return INVALID;
      if (salt !== undefined && salt.length > MAX_SALT_BYTES) return { valid: false, reason: 'too-large' };
      if (!equalBytes(target, sha1(salt === undefined ? publicKey : join(publicKey, salt)))) return INVALID;
      const verdict = (isValid: boolean): Verdict => (isValid ? { valid: true, rank: seqRank(seq) } : INVALID);
      const isValid = verify(signature, bep44Message(seq, content, salt), publicKey);
      return isValid instanceof Promise ? isValid.then(verdict) : verdict(isValid);
    },
  };
}

/** What a mutable item's signature is over; `content` is `v`, bencoded. */
export function bep44Message(seq: bigint | number, content: Uint8Array, salt?: Uint8Array): Uint8Array {
  const text = new TextEncoder();
  const head = salt === undefined || salt.length === 0 ? new Uint8Array(0) : join(text.encode(`4:salt${salt.length}:`), salt);
  return join(join(head, text.encode(`3:seqi${seq}e1:v`)), content);
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
