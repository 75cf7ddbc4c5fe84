import { MAX_KEY_BYTES } from './constants.ts';
import { requireKey } from './field-checks.ts';

const encoder = new TextEncoder();
const scratch: Uint8Array = new Uint8Array(MAX_KEY_BYTES);

/** UTF-8 of a key, without an allocation of its size: a view that is valid until the next call. `WIRE_NOT_UTF8` for lone surrogates, `WIRE_TOO_LONG` above 255 bytes. */
export function keyBytes(key: string): Uint8Array {
  const length = requireKey(key);
  encoder.encodeInto(key, scratch);
  return scratch.subarray(0, length);
}
