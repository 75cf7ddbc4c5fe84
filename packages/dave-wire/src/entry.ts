import { MAX_PACKET } from './constants.ts';
import { decodeFailure } from './decode-failure.ts';
import { isZero, readDat, readEntry } from './entry-decoder.ts';
import { datSize, entrySize, MAX_DAT_BYTES, writeDat, writeEntry } from './entry-encoder.ts';
import { PUBLIC_KEY_BYTES, SALT_BYTES, SIGNATURE_BYTES, WORK_BYTES } from './layout.ts';
import type { Dat, Entry } from './message.ts';

export { datSize, entrySize } from './entry-encoder.ts';

/**
 * Encodes a dat alone: time u64 · salt 16 · work 32 · signature 64 · publicKey 32 · keyLen u8 · key · valueLen u16 · value.
 *
 * @throws WireError `WIRE_TOO_LONG` (key above 255 bytes, dat above 65 535), `WIRE_NOT_UTF8` (lone surrogate in the key),
 * `WIRE_BAD_LENGTH` (a fixed-length field of another length), `WIRE_BAD_VALUE` (time).
 */
export function encodeDat(dat: Dat): Uint8Array {
  const bytes = new Uint8Array(datSize(dat));
  writeDat(dat, MAX_DAT_BYTES, bytes, 0);
  return bytes;
}

/**
 * Decodes a dat that fills `bytes` exactly. Its fields are views into `bytes`.
 *
 * @throws WireError `WIRE_TRUNCATED` below 155 bytes, `WIRE_BAD_LENGTH` where lengths disagree, `WIRE_BAD_VALUE` for a time above 2⁵³ − 1, `WIRE_NOT_UTF8`.
 */
export function decodeDat(bytes: Uint8Array): Dat {
  const dat = readDat(bytes, 0, bytes.length, 'plain');
  if (typeof dat === 'string') throw decodeFailure(dat);
  return dat;
}

/**
 * Encodes an entry alone: replicas 5 × u64 · datLen u16 · dat. Its key and value may have 1227 bytes together,
 * three more than a PUT carries: entries of that size occur in the Go node's backups.
 *
 * @throws WireError as `encodeDat`, `WIRE_TOO_LONG` above 1424 bytes, `WIRE_BAD_VALUE` for more than five replicas. Ids are taken modulo 2⁶⁴.
 */
export function encodeEntry(entry: Entry): Uint8Array {
  const bytes = new Uint8Array(entrySize(entry));
  writeEntry(entry, MAX_PACKET, bytes, 0);
  return bytes;
}

/**
 * {@link encodeEntry} into `target` at `offset`, without an allocation. Returns the bytes written.
 *
 * @throws WireError as `encodeEntry`; TypeError when `target` has no room. What is in `target` from `offset` on may be overwritten then.
 */
export function encodeEntryInto(entry: Entry, target: Uint8Array, offset = 0): number {
  return writeEntry(entry, MAX_PACKET, target, offset) - offset;
}

/**
 * Decodes an entry that fills `bytes` exactly. Its dat's fields are views into `bytes`. A time is read as it is,
 * also under an all-zero signature: not found exists in a GET_ACK only.
 *
 * @throws WireError as `decodeDat`, `WIRE_TOO_LONG` above 1424 bytes.
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > MAX_PACKET) throw decodeFailure('WIRE_TOO_LONG');
  const entry = readEntry(bytes, 0, bytes.length, 'plain');
  if (typeof entry === 'string') throw decodeFailure(entry);
  return entry;
}

/** Whether the entry of a GET_ACK says "not found": its signature is all zero. It was signed by nobody, so it proves nothing. */
export function isNotFound(entry: Entry): boolean {
  const { signature } = entry.dat;
  return isZero(signature, 0, signature.length);
}

/**
 * The entry that answers a GET for a dat one does not have. It names `publicKey` (32 bytes, kept by reference) and `key`,
 * without which a Go node ignores the answer.
 */
export function notFoundEntry(publicKey: Uint8Array, key: string): Entry {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new TypeError(`publicKey must have ${PUBLIC_KEY_BYTES} bytes.`);
  return {
    dat: {
      time: 0,
      salt: new Uint8Array(SALT_BYTES),
      work: new Uint8Array(WORK_BYTES),
      signature: new Uint8Array(SIGNATURE_BYTES),
      publicKey,
      key,
      value: new Uint8Array(0),
    },
    replicas: [],
  };
}
