import { decodeValue, encodeValue } from '../../core/stored-codec.ts';
import type { StoredValue } from '../../core/stored.ts';
import { corruptRow, isSealed, seal, SEAL_BYTES, type FiledValue } from './rows.ts';

/** Where the record begins: after the checksum and where it is filed. */
const RECORD_AT = SEAL_BYTES + 8;

/** A value record as a row, with bytes of its own: checksum, `filedAt`, and what `encodeValue` makes. */
export function encodeValueRow(rowKey: Uint8Array, record: Omit<StoredValue, 'key' | 'bytes'>, filedAt: number): Uint8Array {
  const encoded = encodeValue(record);
  const row = Buffer.allocUnsafe(RECORD_AT + encoded.length);
  row.writeDoubleLE(filedAt, SEAL_BYTES);
  row.set(encoded, RECORD_AT);
  seal(rowKey, row);
  return row;
}

/** Its bytes are views of `row`. @throws RecordStoreError RECORD_STORE_CORRUPT. */
export function decodeValueRow(key: Uint8Array, rowKey: Uint8Array, row: Buffer): FiledValue {
  if (!isSealed(rowKey, row) || row.length < RECORD_AT) throw corruptRow('checksum');
  // A plain array: methods of a Buffer differ in what they copy.
  const stored = decodeValue(key, new Uint8Array(row.buffer, row.byteOffset + RECORD_AT, row.length - RECORD_AT));
  return Object.assign(stored, { filedAt: row.readDoubleLE(SEAL_BYTES) });
}
