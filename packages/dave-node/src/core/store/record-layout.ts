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

export function entryBytesAt(page: DataView, record: number): number {
  return 42 + page.getUint16(record + DAT_LENGTH, true);
}

export function timeAt(page: DataView, record: number): number {
  return page.getUint32(record + TIME + 4, true) * 4_294_967_296 + page.getUint32(record + TIME, true);
}

export function tagAt(page: DataView, record: number): number {
  return page.getUint32(record + TAG, true);
}

export function setTag(page: DataView, record: number, tag: number): void {
  page.setUint32(record + TAG, tag, true);
}

/** Whether the record is filed under these bytes: public key ‖ key, `length` in all. */
export function isFiledUnder(page: DataView, record: number, lookup: DataView, length: number): boolean {
  if (page.getUint8(record + KEY_LENGTH) !== length - PUBLIC_KEY_BYTES) return false;
  for (let at = 0; at < PUBLIC_KEY_BYTES; at += 4) if (page.getInt32(record + PUBLIC_KEY + at) !== lookup.getInt32(at)) return false;
  const shift = record + KEY - PUBLIC_KEY_BYTES;
  let at = PUBLIC_KEY_BYTES;
  for (; at + 4 <= length; at += 4) if (page.getInt32(shift + at) !== lookup.getInt32(at)) return false;
  for (; at < length; at++) if (page.getUint8(shift + at) !== lookup.getUint8(at)) return false;
  return true;
}

export function hasSignature(page: DataView, record: number, signature: Uint8Array): boolean {
  for (let at = 0; at < SIGNATURE_BYTES; at++) if (page.getUint8(record + SIGNATURE + at) !== signature[at]) return false;
  return true;
}
