import { DAT_OVERHEAD, MAX_PACKET } from '@p2p/dave-wire';

/**
 * A record in the slab: owner u32 · tag u32 · encoded entry. The owner is shard × 2²⁴ + slot, the
 * tag finds it in its shard's table. Offsets from the start of the record.
 */
const TAG = 4;
export const ENTRY = 8;
export const REPLICAS_BYTES = 40;
const DAT_LENGTH: number = ENTRY + REPLICAS_BYTES;
const DAT: number = ENTRY + 42;
const TIME: number = DAT;
export const SIGNATURE: number = DAT + 56;
export const SIGNATURE_BYTES = 64;
export const PUBLIC_KEY: number = DAT + 120;
export const PUBLIC_KEY_BYTES = 32;
const KEY_LENGTH: number = DAT + 152;
/** From public key to key: the same bytes that a key is looked up by, but for the length between them. */
const KEY: number = KEY_LENGTH + 1;

/** Accounted bytes of an entry beside key and value. */
export const ACCOUNTED_OVERHEAD = 224;
/** No packet and no Go backup carries a larger entry. */
export const MAX_ENTRY_BYTES: number = MAX_PACKET;
export const MAX_RECORD_BYTES: number = ENTRY + MAX_ENTRY_BYTES;
/** The u32 of an owner has this much for the slot. */
export const SLOT_BITS = 24;
export const SLOT_MASK: number = 2 ** SLOT_BITS - 1;

/** Accounted size of an entry whose encoding has this many bytes. */
export function accountedBytes(entryBytes: number): number {
  return entryBytes - 42 - DAT_OVERHEAD + ACCOUNTED_OVERHEAD;
}

export function entryBytesAt(page: Uint8Array, record: number): number {
  return 42 + (page[record + DAT_LENGTH]! | (page[record + DAT_LENGTH + 1]! << 8));
}

export function timeAt(page: Uint8Array, record: number): number {
  return u32At(page, record + TIME + 4) * 4_294_967_296 + u32At(page, record + TIME);
}

export function tagAt(page: Uint8Array, record: number): number {
  return u32At(page, record + TAG);
}

export function setTag(page: Uint8Array, record: number, tag: number): void {
  page[record + TAG] = tag;
  page[record + TAG + 1] = tag >>> 8;
  page[record + TAG + 2] = tag >>> 16;
  page[record + TAG + 3] = tag >>> 24;
}

/** Whether the record is filed under these bytes: public key ‖ key, `length` in all. */
export function isFiledUnder(page: Uint8Array, record: number, lookup: Uint8Array, length: number): boolean {
  if (page[record + KEY_LENGTH] !== length - PUBLIC_KEY_BYTES) return false;
  for (let at = 0; at < PUBLIC_KEY_BYTES; at++) if (page[record + PUBLIC_KEY + at] !== lookup[at]) return false;
  const shift = KEY - PUBLIC_KEY_BYTES;
  for (let at = PUBLIC_KEY_BYTES; at < length; at++) if (page[record + shift + at] !== lookup[at]) return false;
  return true;
}

export function hasSignature(page: Uint8Array, record: number, signature: Uint8Array): boolean {
  for (let at = 0; at < SIGNATURE_BYTES; at++) if (page[record + SIGNATURE + at] !== signature[at]) return false;
  return true;
}

function u32At(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
}
