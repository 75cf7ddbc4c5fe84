import { encodeUtf8, MAX_KEY_AND_VALUE_BYTES, MAX_KEY_BYTES } from '@p2p/dave-wire';
import { AppError } from './app-error.ts';
import { readBounded } from './read-bounded.ts';

/** What Node makes of argument bytes that are no UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * The bytes of a key.
 * @throws AppError APP_USAGE above 255 bytes, or when they are not what was typed
 */
export function keyBytes(key: string): Uint8Array {
  if (key.includes(REPLACEMENT) || !key.isWellFormed()) throw new AppError('APP_USAGE', 'the key holds bytes that are no UTF-8; a key is text');
  const bytes = encodeUtf8(key);
  if (bytes.length > MAX_KEY_BYTES) throw new AppError('APP_USAGE', `a key has at most ${MAX_KEY_BYTES} bytes of UTF-8, this one has ${bytes.length}; shorten it`);
  return bytes;
}

/**
 * The bytes that a value argument stands for: text, `@file`, or `-` for standard input.
 * @throws AppError APP_USAGE when key and value do not fit a packet; `signal.reason`
 */
export async function readValue(key: string, value: string, signal: AbortSignal): Promise<Uint8Array> {
  const keyLength = keyBytes(key).length;
  const most = MAX_KEY_AND_VALUE_BYTES - keyLength;
  if (value === '-' || value.startsWith('@')) return readBounded(value === '-' ? '-' : value.slice(1), most, signal);
  if (value.includes(REPLACEMENT) || !value.isWellFormed()) {
    throw new AppError('APP_USAGE', 'the value holds bytes that are no UTF-8; give it in a file (@file) or on standard input (-)');
  }
  const bytes = encodeUtf8(value);
  if (bytes.length > most) {
    throw new AppError('APP_USAGE', `key and value together have at most ${MAX_KEY_AND_VALUE_BYTES} bytes, these have ${keyLength} + ${bytes.length}; split the value over several keys`);
  }
  return bytes;
}
