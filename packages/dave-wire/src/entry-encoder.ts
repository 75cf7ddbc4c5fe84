import { DAT_OVERHEAD, FANOUT, MAX_KEY_AND_VALUE_BYTES } from './constants.ts';
import { WireError } from './errors.ts';
import { requireBytes, requireKey, requireU64 } from './field-checks.ts';
import { writeReplicas, writeU16, writeU32 } from './integers.ts';
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
import { writeUtf8 } from './utf8.ts';

/** The largest dat that its u16 length in an entry can express. */
const MAX_DAT_BYTES = 65_535;

/**
 * Bytes of the encoded dat: 155 + key + value.
 *
 * @throws WireError `WIRE_TOO_LONG` for a key above 255 bytes or a dat above 65 535, `WIRE_NOT_UTF8` for a key with a lone surrogate.
 */
export function datSize(dat: Dat): number {
  const size = DAT_OVERHEAD + requireKey(dat.key) + dat.value.length;
  if (size > MAX_DAT_BYTES) throw new WireError('WIRE_TOO_LONG', `The dat takes ${size} bytes: a message has room for ${MAX_KEY_AND_VALUE_BYTES} bytes of key and value.`);
  return size;
}

/** Bytes of the encoded entry: 42 + its dat. @throws WireError like `datSize`. */
export function entrySize(entry: Entry): number {
  return ENTRY_OVERHEAD + datSize(entry.dat);
}

/** Writes a dat of `size` bytes (`datSize`). */
export function writeDat(dat: Dat, size: number, target: Uint8Array, offset: number): void {
  const { time, salt, work, signature, publicKey, key, value } = dat;
  if (!Number.isSafeInteger(time) || time < 0) {
    throw new WireError('WIRE_BAD_VALUE', `time is ${time}: pass Unix milliseconds, an integer from 0 to 2^53 - 1.`);
  }
  requireBytes(salt, SALT_BYTES, 'salt');
  requireBytes(work, WORK_BYTES, 'work');
  requireBytes(signature, SIGNATURE_BYTES, 'signature');
  requireBytes(publicKey, PUBLIC_KEY_BYTES, 'publicKey');
  requireBytes(value, value.length, 'value');
  writeU32(time >>> 0, target, offset);
  writeU32(Math.floor(time / 0x1_0000_0000), target, offset + 4);
  target.set(salt, offset + DAT_SALT);
  target.set(work, offset + DAT_WORK);
  target.set(signature, offset + DAT_SIGNATURE);
  target.set(publicKey, offset + DAT_PUBLIC_KEY);
  target[offset + DAT_KEY_LENGTH] = size - DAT_OVERHEAD - value.length;
  const keyEnd = writeUtf8(key, target, offset + DAT_KEY);
  writeU16(value.length, target, keyEnd);
  target.set(value, keyEnd + 2);
}

/** Writes an entry of `size` bytes (`entrySize`). */
export function writeEntry(entry: Entry, size: number, target: Uint8Array, offset: number): void {
  const { dat, replicas } = entry;
  if (replicas.length > FANOUT) throw new WireError('WIRE_BAD_VALUE', `The entry names ${replicas.length} replicas: pass at most ${FANOUT}.`);
  for (let index = 0; index < replicas.length; index += 1) requireU64(replicas[index]!, 'A replica');
  writeReplicas(replicas, target, offset);
  writeU16(size - ENTRY_OVERHEAD, target, offset + REPLICAS_BYTES);
  writeDat(dat, size - ENTRY_OVERHEAD, target, offset + ENTRY_OVERHEAD);
}
