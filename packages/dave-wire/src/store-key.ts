import { requireKey } from './field-checks.ts';
import { xxHash64 } from './hash.ts';
import { PUBLIC_KEY_BYTES } from './layout.ts';
import type { Dat } from './message.ts';
import { encodeUtf8 } from './utf8.ts';

/** What the Go node's accounting adds to key and value. */
const ACCOUNTED_OVERHEAD = 224;

/**
 * xxHash64(publicKey ‖ key), by which a Go node indexes its store. For interoperability only: another author's key
 * with the same store key takes milliseconds to find, so nothing may be indexed by it alone.
 *
 * @throws WireError `WIRE_NOT_UTF8` for a key with a lone surrogate; TypeError for a public key that has not 32 bytes.
 */
export function storeKey(publicKey: Uint8Array, key: string): bigint {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new TypeError(`publicKey must have ${PUBLIC_KEY_BYTES} bytes.`);
  return xxHash64(publicKey, encodeUtf8(key));
}

/** The Go node's shard of a store key, 0 to 255: its top byte. */
export function shardOf(storeKey: bigint): number {
  return Number((storeKey >> 56n) & 0xffn);
}

/**
 * What a dat counts for in the Go node's accounting of its capacity: 224 + key + value bytes.
 *
 * @throws WireError `WIRE_TOO_LONG` for a key above 255 bytes, `WIRE_NOT_UTF8` for one with a lone surrogate.
 */
export function accountedSize(dat: Pick<Dat, 'key' | 'value'>): number {
  return ACCOUNTED_OVERHEAD + requireKey(dat.key) + dat.value.length;
}
