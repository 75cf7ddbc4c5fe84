import { MAX_KEY_BYTES } from './constants.ts';
import { WireError } from './errors.ts';
import { isU64 } from './integers.ts';
import { utf8Length } from './utf8.ts';

/*
 * What encoders refuse. A value that the protocol cannot carry is a WireError; a value of the wrong
 * JavaScript type is a programmer's mistake and a TypeError.
 */

/** @throws WireError `WIRE_BAD_LENGTH` unless `field` has exactly `length` bytes, TypeError if it is no Uint8Array. */
export function requireBytes(field: Uint8Array, length: number, name: string): void {
  if (field instanceof Uint8Array && field.length === length) return;
  throw badBytes(field, length, name);
}

/** @throws WireError `WIRE_BAD_VALUE` unless 0 ≤ value < 2⁶⁴. */
export function requireU64(value: bigint, name: string): void {
  if (typeof value !== 'bigint') throw new TypeError(`${name} must be a bigint.`);
  if (!isU64(value)) throw new WireError('WIRE_BAD_VALUE', `${name} is ${value}: pass 0 to 2^64 - 1.`);
}

/** @throws WireError `WIRE_BAD_VALUE` unless 0 ≤ value ≤ max, an integer. */
export function requireUint(value: number, max: number, name: string): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new WireError('WIRE_BAD_VALUE', `${name} is ${value}: pass an integer from 0 to ${max}.`);
  }
}

/** Bytes of the key. @throws WireError `WIRE_TOO_LONG` above 255 bytes, `WIRE_NOT_UTF8` for a lone surrogate. */
export function requireKey(key: string): number {
  if (typeof key !== 'string') throw new TypeError('key must be a string.');
  // No text has fewer bytes than code units: an overlong one need not be measured.
  const length = key.length > MAX_KEY_BYTES ? key.length : utf8Length(key);
  if (length < 0 || length > MAX_KEY_BYTES) throw badKey(length);
  return length;
}

/* Apart from the checks, so that those stay small enough to be inlined. */
function badBytes(field: Uint8Array, length: number, name: string): Error {
  if (!(field instanceof Uint8Array)) return new TypeError(`${name} must be a Uint8Array.`);
  return new WireError('WIRE_BAD_LENGTH', `${name} has ${field.length} bytes: pass exactly ${length}.`);
}

function badKey(length: number): WireError {
  if (length < 0) return new WireError('WIRE_NOT_UTF8', 'The key holds a lone surrogate: pass well-formed Unicode.');
  return new WireError('WIRE_TOO_LONG', `The key has ${length} bytes or more: use at most ${MAX_KEY_BYTES} bytes of UTF-8.`);
}
