import { DAT_OVERHEAD } from './constants.ts';
import type { WireErrorCode } from './errors.ts';
import { readReplicas, readU16, readU32 } from './integers.ts';
import {
  DAT_KEY,
  DAT_KEY_LENGTH,
  DAT_PUBLIC_KEY,
  DAT_SALT,
  DAT_SIGNATURE,
  DAT_WORK,
  ENTRY_OVERHEAD,
  PUBLIC_KEY_BYTES,
  REPLICAS_BYTES,
  SALT_BYTES,
  SIGNATURE_BYTES,
  WORK_BYTES,
} from './layout.ts';
import type { Dat, Entry } from './message.ts';
import { decodeUtf8 } from './utf8.ts';

/** Whether a time that no number holds exactly is refused, or read as 0 where the signature is all zero. */
export type NotFoundRule = 'plain' | 'not-found-has-no-time';

export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) if (bytes[index] !== 0) return false;
  return true;
}

/** The dat that fills bytes `start` to `end` exactly, its fields views into `bytes`. `end` is at most `bytes.length`. */
export function readDat(bytes: Uint8Array, start: number, end: number, rule: NotFoundRule): Dat | WireErrorCode {
  const length = end - start;
  if (length < DAT_OVERHEAD) return 'WIRE_TRUNCATED';
  const keyStart = start + DAT_KEY;
  const keyEnd = keyStart + bytes[start + DAT_KEY_LENGTH]!;
  const valueStart = keyEnd + 2;
  if (valueStart > end || valueStart + readU16(bytes, keyEnd) !== end) return 'WIRE_BAD_LENGTH';

  const high = readU32(bytes, start + 4);
  let time = high * 0x1_0000_0000 + readU32(bytes, start);
  const signatureStart = start + DAT_SIGNATURE;
  if (rule === 'not-found-has-no-time' && isZero(bytes, signatureStart, signatureStart + SIGNATURE_BYTES)) time = 0;
  // 2⁵³ and above: no longer exact as a number, and 280 000 years ahead.
  else if (high > 0x1f_ffff) return 'WIRE_BAD_VALUE';

  const key = decodeUtf8(bytes, keyStart, keyEnd);
  if (key === undefined) return 'WIRE_NOT_UTF8';
  // Constructed on the buffer because subarray() is about three times as slow.
  const { buffer } = bytes;
  const base = bytes.byteOffset + start;
  return {
    time,
    salt: new Uint8Array(buffer, base + DAT_SALT, SALT_BYTES),
    work: new Uint8Array(buffer, base + DAT_WORK, WORK_BYTES),
    signature: new Uint8Array(buffer, base + DAT_SIGNATURE, SIGNATURE_BYTES),
    publicKey: new Uint8Array(buffer, base + DAT_PUBLIC_KEY, PUBLIC_KEY_BYTES),
    key,
    value: new Uint8Array(buffer, bytes.byteOffset + valueStart, end - valueStart),
  };
}

/** The entry that fills bytes `start` to `end` exactly. */
export function readEntry(bytes: Uint8Array, start: number, end: number, rule: NotFoundRule): Entry | WireErrorCode {
  const datStart = start + ENTRY_OVERHEAD;
  if (datStart + DAT_OVERHEAD > end) return 'WIRE_TRUNCATED';
  if (readU16(bytes, start + REPLICAS_BYTES) !== end - datStart) return 'WIRE_BAD_LENGTH';
  const dat = readDat(bytes, datStart, end, rule);
  if (typeof dat === 'string') return dat;
  return { dat, replicas: readReplicas(bytes, start) };
}
