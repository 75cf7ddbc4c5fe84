import { blake2b } from '@noble/hashes/blake2.js';
import { equalBytes } from '../core/bytes.ts';
import { keyPrefix } from './key-prefix.ts';
import { verifyEd25519, type VerifySignature } from './signatures.ts';
import { INVALID, seqRank, type Validator, type Verdict } from './validator.ts';

/** hyperdht's mutable item: a value with a sequence number, signed. */
export interface SignedSeqItem {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 0 to 2⁵³ - 1. */
  readonly seq: number;
  readonly value: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Options of `signedSeq`. */
export interface SignedSeqOptions {
  /** Default: in JavaScript. */
  verify?: VerifySignature | undefined;
  /** What keys start with before the hash. Default nothing. */
  prefix?: string | undefined;
}

/**
 * hyperdht's mutable items: the key is BLAKE2b-256 of the public key, the value what its `MUTABLE_PUT`
 * carries (see `encodeSignedSeq`). A lower seq is `stale`, an equal one with another value a `conflict`,
 * with the same a refresh.
 */
export function signedSeq({ verify = verifyEd25519, prefix = '' }: SignedSeqOptions = {}): Validator {
  const rest = keyPrefix(prefix);
  return {
    validate: ({ key, value }) => {
      const target = rest(key);
      const item = decodeSignedSeq(value);
      if (item === undefined || target === undefined || !equalBytes(target, blake2b(item.publicKey, { dkLen: 32 }))) return INVALID;
      const verdict = (isValid: boolean): Verdict => (isValid ? { valid: true, rank: seqRank(item.seq) } : INVALID);
      const isValid = verify(item.signature, signedSeqMessage(item.seq, item.value), item.publicKey);
      return isValid instanceof Promise ? isValid.then(verdict) : verdict(isValid);
    },
  };
}

/** What hyperdht signs: its namespace for mutable puts and the hash of seq and value, 64 bytes. */
export function signedSeqMessage(seq: number, value: Uint8Array): Uint8Array {
  const signable = concat(encodeUint(seq), encodeUint(value.length), value);
  return concat(mutablePutNamespace(), blake2b(signable, { dkLen: 32 }));
}

/** publicKey ‖ seq ‖ length ‖ value ‖ signature, numbers in compact-encoding's form. */
export function encodeSignedSeq({ publicKey, seq, value, signature }: SignedSeqItem): Uint8Array {
  if (publicKey.length !== 32 || signature.length !== 64) throw new TypeError('a public key has 32 bytes, a signature 64');
  return concat(publicKey, encodeUint(seq), encodeUint(value.length), value, signature);
}

/** Views of the bytes; undefined for what is none, or not in its shortest form. */
export function decodeSignedSeq(bytes: Uint8Array): SignedSeqItem | undefined {
  const seq = decodeUint(bytes, 32);
  const length = seq === undefined ? undefined : decodeUint(bytes, seq.end);
  if (seq === undefined || length === undefined || bytes.length !== length.end + length.value + 64) return undefined;
  const valueEnd = length.end + length.value;
  return { publicKey: bytes.subarray(0, 32), seq: seq.value, value: bytes.subarray(length.end, valueEnd), signature: bytes.subarray(valueEnd) };
}

const MUTABLE_PUT = 6;
let namespace: Uint8Array | undefined;

function mutablePutNamespace(): Uint8Array {
  namespace ??= blake2b(concat(blake2b(new TextEncoder().encode('hyperswarm/dht'), { dkLen: 32 }), Uint8Array.of(MUTABLE_PUT)), { dkLen: 32 });
  return namespace;
}

/** Little-endian, with a first byte that tells the length: up to 0xfc itself, then 2, 4 or 8 bytes. */
function encodeUint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`a number from 0 to 2⁵³ - 1, got ${value}`);
  if (value <= 0xfc) return Uint8Array.of(value);
  const [lead, length] = value <= 0xffff ? [0xfd, 2] : value <= 0xffff_ffff ? [0xfe, 4] : [0xff, 8];
  const bytes = new Uint8Array(1 + length);
  bytes[0] = lead;
  for (let at = 1, rest = value; at <= length; at++, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}

function decodeUint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  const lead = bytes[at];
  if (lead === undefined) return undefined;
  if (lead <= 0xfc) return { value: lead, end: at + 1 };
  const length = lead === 0xfd ? 2 : lead === 0xfe ? 4 : 8;
  const end = at + 1 + length;
  if (end > bytes.length) return undefined;
  let value = 0;
  for (let place = length; place >= 1; place--) value = value * 256 + bytes[at + place]!;
  const least = length === 2 ? 0xfd : length === 4 ? 0x1_0000 : 0x1_0000_0000;
  return Number.isSafeInteger(value) && value >= least ? { value, end } : undefined;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
