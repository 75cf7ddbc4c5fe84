import { keyBytes } from './key-bytes.ts';
import type { Dat } from './message.ts';

/**
 * D5 'k' 'b' 01. D5 opens a two-byte character of UTF-8 and 'k' cannot continue it, so no key ends
 * in any part of this: a boundary moved to the right leaves a key that is refused everywhere.
 */
const MAGIC: readonly number[] = [0xd5, 0x6b, 0x62, 0x01];

/** Bytes that binding adds to a value. */
export const BIND_KEY_OVERHEAD = 5;

/** What `unbindValue` found. `value` is a view into the dat's. */
export type UnboundValue =
  | { readonly valid: true; readonly bound: boolean; readonly value: Uint8Array }
  | { readonly valid: false; readonly reason: 'boundary-moved' | 'unbound' };

/** `value` behind the magic and the length of `key` in bytes: 5 bytes longer. What `createDat` does under `bindKey`. */
export function bindValue(key: string, value: Uint8Array): Uint8Array {
  const bound = new Uint8Array(BIND_KEY_OVERHEAD + value.length);
  bound.set(MAGIC);
  bound[MAGIC.length] = keyBytes(key).length;
  bound.set(value, BIND_KEY_OVERHEAD);
  return bound;
}

/**
 * Reads a value that may be bound to its key. A bound one whose key has another length than was
 * signed is refused as `boundary-moved`. With `require`, so is every value that is not bound
 * (`unbound`): an attacker who moves the boundary to the left hides the binding, so only readers
 * who require it are protected, against every author who always binds. A key that cannot be encoded
 * is `WIRE_NOT_UTF8` or `WIRE_TOO_LONG`.
 *
 * @example
 * const read = unbindValue(dat, { require: true });
 * if (read.valid) use(read.value);
 */
export function unbindValue(dat: Pick<Dat, 'key' | 'value'>, options: { require?: boolean } = {}): UnboundValue {
  const { value } = dat;
  if (value.length < BIND_KEY_OVERHEAD || !MAGIC.every((byte, at) => byte === value[at])) {
    return options.require === true ? { valid: false, reason: 'unbound' } : { valid: true, bound: false, value };
  }
  if (value[MAGIC.length] !== keyBytes(dat.key).length) return { valid: false, reason: 'boundary-moved' };
  return { valid: true, bound: true, value: value.subarray(BIND_KEY_OVERHEAD) };
}
