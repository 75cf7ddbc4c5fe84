import { requireUint } from './field-checks.ts';
import { blake3Into } from './hash.ts';
import { keyBytes } from './key-bytes.ts';
import type { Dat } from './message.ts';

const timeBytes: Uint8Array = new Uint8Array(8);
const timeView: DataView = new DataView(timeBytes.buffer);

/** What a dat's digest covers. */
export type SignedFields = Pick<Dat, 'key' | 'value' | 'time'>;

/**
 * The 32 bytes that a dat's signature signs: BLAKE3-256 of key ‖ value ‖ time as u64 (little-endian
 * ms). Nothing separates key from value, which is the protocol's known weakness: see `bindKey`. A
 * key with lone surrogates is `WIRE_NOT_UTF8`, one above 255 bytes `WIRE_TOO_LONG`, a time that is no
 * integer from 0 to 2⁵³ − 1 `WIRE_BAD_VALUE`.
 *
 * @example
 * const digest = datDigest({ key: 'greeting', value, time: 1_733_900_001_000 });
 */
export function datDigest(dat: SignedFields): Uint8Array {
  requireUint(dat.time, Number.MAX_SAFE_INTEGER, 'time');
  const digest = new Uint8Array(32);
  datDigestInto(digest, dat);
  return digest;
}

/** {@link datDigest} written to the first 32 bytes of `target`, for callers who have checked the time. */
export function datDigestInto(target: Uint8Array, dat: SignedFields): void {
  timeView.setUint32(0, dat.time, true);
  timeView.setUint32(4, dat.time / 2 ** 32, true);
  blake3Into(target, 0, keyBytes(dat.key), dat.value, timeBytes);
}
