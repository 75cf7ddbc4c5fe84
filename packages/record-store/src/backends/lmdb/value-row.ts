import { decodeValue, encodeValue, type RowPlace } from '../../core/stored-codec.ts';
import type { StoredValue } from '../../core/stored.ts';
import { corruptRow, isSealed, seal, SEAL_BYTES, type FiledValue } from './rows.ts';
import { Slabs } from './slabs.ts';

/** Where the record begins: after the checksum and where it is filed. */
const RECORD_AT = SEAL_BYTES + 8;

/** Rows live until they are committed, all of a batch about as long. */
const slabs = new Slabs(65_536);
const PLACE: RowPlace = { before: RECORD_AT, take: (bytes) => slabs.take(bytes) };

/** A value record as a row, with bytes of its own: checksum, `filedAt`, and what `encodeValue` makes. */
export function encodeValueRow(rowKey: Uint8Array, record: Omit<StoredValue, 'key' | 'bytes'>, filedAt: number): Uint8Array {
  const row = encodeValue(record, PLACE) as Buffer;
  row.writeDoubleLE(filedAt, SEAL_BYTES);
  seal(rowKey, row);
  return row;
}

/** Its bytes are views of `row`. @throws RecordStoreError RECORD_STORE_CORRUPT. */
export function decodeValueRow(key: Uint8Array, rowKey: Uint8Array, row: Buffer): FiledValue {
  if (!isSealed(rowKey, row) || row.length < RECORD_AT) throw corruptRow('checksum');
  const stored: StoredValue & { filedAt?: number } = decodeValue(key, row, RECORD_AT);
  stored.filedAt = row.readDoubleLE(SEAL_BYTES);
  return stored as FiledValue;
}
