import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { StoredProvider, StoredValue } from '../../core/stored.ts';
import { RecordStoreError } from '../../errors.ts';

/**
 * The rows of an LMDB store, all in one tree. A row's first byte says what it is, so keys of one kind
 * lie together and in the order of what follows.
 *
 * | row | key | value |
 * |---|---|---|
 * | meta | `0` name | format, owner, usage |
 * | value | `1` key | checksum, header, publisher, rank, origin, value |
 * | providers | `2` key | checksum, all providers of the key in the order in which they came |
 * | expiry | `3` class, expiry (8 bytes, big-endian), reference | nothing |
 * | origin | `4` hash of the origin (16), expiry, class, reference | nothing |
 * | origin usage | `5` hash of the origin | checksum, numbers, the origin |
 * | provided | `6` key | nothing: this node provides it |
 *
 * A reference is a value's key, or what `providerRowKey` makes of key and provider. Entries are
 * filed under the expiry that they had when they were filed: `filedAt`. One that is prolonged stays
 * where it is until it comes up.
 */
export const ROW = { meta: 0, value: 1, providers: 2, expiry: 3, origin: 4, originUsage: 5, provided: 6 } as const;

/** Classes of entries, as in the keys of expiry rows. */
export type EntryClass = 0 | 1 | 2 | 3;

export function classOf(kind: 'value' | 'provider', local: boolean): EntryClass {
  return ((kind === 'value' ? 0 : 2) + (local ? 1 : 0)) as EntryClass;
}

const ORIGIN_HASH_BYTES = 16;
const EXPIRY_HEAD_BYTES = 10;
const ORIGIN_HEAD_BYTES = 1 + ORIGIN_HASH_BYTES + 9;

export interface FiledValue extends StoredValue {
  /** Infinity: nowhere. */
  readonly filedAt: number;
  /** What the row says, where this node sees it otherwise: it may get its old id back. */
  readonly as?: StoredValue;
}

export interface FiledProvider extends StoredProvider {
  readonly filedAt: number;
  readonly as?: StoredProvider;
}

/** A row of one kind under some bytes. */
export function rowKey(kind: number, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + rest.length);
  key[0] = kind;
  key.set(rest, 1);
  return key;
}

/** The least bytes that are greater than these. */
export function following(bytes: Uint8Array): Uint8Array {
  const next = new Uint8Array(bytes.length + 1);
  next.set(bytes);
  return next;
}

export function expiryKey(entryClass: EntryClass, filedAt: number, reference: Uint8Array): Uint8Array {
  const key = new Uint8Array(EXPIRY_HEAD_BYTES + reference.length);
  key[0] = ROW.expiry;
  key[1] = entryClass;
  writeTime(key, 2, filedAt);
  key.set(reference, EXPIRY_HEAD_BYTES);
  return key;
}

/** Where the expiry rows of a class begin, and where those end that are expired at `now`. */
export function expiryRange(entryClass: EntryClass, now: number): { start: Uint8Array; end: Uint8Array } {
  return { start: Uint8Array.of(ROW.expiry, entryClass), end: expiryKey(entryClass, now + 1, new Uint8Array(0)) };
}

export function fromExpiryKey(key: Uint8Array): { entryClass: EntryClass; filedAt: number; reference: Uint8Array } | undefined {
  if (key.length <= EXPIRY_HEAD_BYTES || key[1]! > 3) return undefined;
  return { entryClass: key[1] as EntryClass, filedAt: readTime(key, 2), reference: key.subarray(EXPIRY_HEAD_BYTES) };
}

export function originHash(origin: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(origin).digest().subarray(0, ORIGIN_HASH_BYTES));
}

export function originKey(hash: Uint8Array, filedAt: number, entryClass: EntryClass, reference: Uint8Array): Uint8Array {
  const key = new Uint8Array(ORIGIN_HEAD_BYTES + reference.length);
  key[0] = ROW.origin;
  key.set(hash, 1);
  writeTime(key, 1 + ORIGIN_HASH_BYTES, filedAt);
  key[ORIGIN_HEAD_BYTES - 1] = entryClass;
  key.set(reference, ORIGIN_HEAD_BYTES);
  return key;
}

/** Of one origin, those that are expired at `now`. */
export function originRange(hash: Uint8Array, now: number): { start: Uint8Array; end: Uint8Array } {
  return { start: rowKey(ROW.origin, hash), end: originKey(hash, now + 1, 0, new Uint8Array(0)) };
}

export function fromOriginKey(key: Uint8Array): { entryClass: EntryClass; filedAt: number; reference: Uint8Array } | undefined {
  if (key.length <= ORIGIN_HEAD_BYTES || key[ORIGIN_HEAD_BYTES - 1]! > 3) return undefined;
  return { filedAt: readTime(key, 1 + ORIGIN_HASH_BYTES), entryClass: key[ORIGIN_HEAD_BYTES - 1] as EntryClass, reference: key.subarray(ORIGIN_HEAD_BYTES) };
}

/** Bytes of the checksum that rows with a value begin with. */
export const SEAL_BYTES = 4;

export function corruptRow(what: string): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_CORRUPT', `a stored row is damaged (${what}): remove it, the network has other copies.`);
}

/** The first four bytes of a row's value: CRC-32 of its key and of what follows, so that a row found under another key is damage too. */
export function seal(key: Uint8Array, row: Uint8Array): void {
  const sum = sumOf(key, row);
  row[0] = sum;
  row[1] = sum >>> 8;
  row[2] = sum >>> 16;
  row[3] = sum >>> 24;
}

export function isSealed(key: Uint8Array, row: Uint8Array): boolean {
  if (row.length < SEAL_BYTES) return false;
  const sum = sumOf(key, row);
  return row[0] === (sum & 0xff) && row[1] === ((sum >>> 8) & 0xff) && row[2] === ((sum >>> 16) & 0xff) && row[3] === sum >>> 24;
}

/** Keys are short: calling out for them takes longer than this. */
const CRC_OF_BYTE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => crc32(Uint8Array.of(byte)) ^ crc32(Uint8Array.of(0)));

/** By the top byte of an entry above, which is another for each: the byte it is of. */
const BYTE_OF_CRC: Uint8Array = new Uint8Array(256);
for (const [byte, crc] of CRC_OF_BYTE.entries()) BYTE_OF_CRC[crc >>> 24] = byte;

/** Of the key and of the row after its own checksum. */
function sumOf(key: Uint8Array, row: Uint8Array): number {
  let sum = 0xffffffff;
  for (let at = 0; at < key.length; at++) sum = (sum >>> 8) ^ CRC_OF_BYTE[(sum ^ key[at]!) & 0xff]!;
  // Back over the row's checksum to the sum from which it leads to this one: taking the rest of the row for an array of its own costs more.
  for (let at = SEAL_BYTES - 1; at >= 0; at--) {
    const byte = BYTE_OF_CRC[sum >>> 24]!;
    sum = ((sum ^ CRC_OF_BYTE[byte]!) << 8) | (byte ^ row[at]!);
  }
  return crc32(row, (sum ^ 0xffffffff) >>> 0);
}

/** Times are whole numbers up to 2 ** 53. */
function writeTime(into: Uint8Array, at: number, time: number): void {
  let high = Math.floor(time / 2 ** 32);
  let low = time >>> 0;
  for (let byte = 3; byte >= 0; byte--) {
    into[at + byte] = high & 0xff;
    into[at + 4 + byte] = low & 0xff;
    high >>>= 8;
    low >>>= 8;
  }
}

function readTime(from: Uint8Array, at: number): number {
  let time = 0;
  for (let byte = 0; byte < 8; byte++) time = time * 256 + from[at + byte]!;
  return time;
}
