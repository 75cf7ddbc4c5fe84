import { BIND_KEY_OVERHEAD, MAX_KEY_AND_VALUE_BYTES, MAX_KEY_BYTES } from '@p2p/dave-wire';
import { NodeError } from '../../errors.ts';
import { utf8Length } from './dat-bytes.ts';

/**
 * Refuses what no packet can carry, before any work is done.
 * @throws NodeError NODE_TOO_LARGE, TypeError for values of another type.
 */
export function assertFits(key: string, value: Uint8Array, bindKey: boolean): void {
  if (!(value instanceof Uint8Array)) throw new TypeError('value must be a Uint8Array');
  const keyBytes = assertKeyFits(key);
  const most = MAX_KEY_AND_VALUE_BYTES - (bindKey ? BIND_KEY_OVERHEAD : 0);
  if (keyBytes + value.length > most) {
    throw new NodeError(
      'NODE_TOO_LARGE',
      `key and value together have at most ${most} bytes, these have ${keyBytes + value.length}: split the value over several keys`,
    );
  }
}

/** Bytes of a key in UTF-8. Throws NODE_TOO_LARGE above 255, TypeError for what is no string. */
export function assertKeyFits(key: string): number {
  if (typeof key !== 'string') throw new TypeError('key must be a string');
  const keyBytes = utf8Length(key);
  if (keyBytes > MAX_KEY_BYTES) {
    throw new NodeError('NODE_TOO_LARGE', `a key has at most ${MAX_KEY_BYTES} bytes of UTF-8, this one has ${keyBytes}: shorten it`);
  }
  return keyBytes;
}

/** TypeError unless it is a 32-byte public key. */
export function assertPublicKey(publicKey: Uint8Array): void {
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== 32) throw new TypeError('publicKey must be a Uint8Array of 32 bytes');
}
