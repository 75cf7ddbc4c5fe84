import { decodeProvider, encodeProvider } from '../../core/stored-codec.ts';
import { corruptRow, isSealed, seal, SEAL_BYTES, type FiledProvider } from './rows.ts';

/** Of each provider: bytes of its record (4), `filedAt` (8, float), bytes of its id (2); then id and record. */
const HEAD_BYTES = 14;

/** All providers of a key as one row, in their order. */
export function encodeProvidersRow(rowKey: Uint8Array, providers: readonly FiledProvider[]): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array(SEAL_BYTES)];
  for (const stored of providers) {
    const encoded = encodeProvider(stored.as ?? stored);
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32LE(encoded.length, 0);
    head.writeDoubleLE(stored.filedAt, 4);
    head.writeUInt16LE(stored.provider.length, 12);
    parts.push(head, stored.provider, encoded);
  }
  const row = Buffer.concat(parts);
  seal(rowKey, row);
  return row;
}

/** Byte fields are views of `row`. @throws RecordStoreError RECORD_STORE_CORRUPT. */
export function decodeProvidersRow(key: Uint8Array, rowKey: Uint8Array, row: Buffer): FiledProvider[] {
  if (!isSealed(rowKey, row)) throw corruptRow('checksum');
  const providers: FiledProvider[] = [];
  for (let at = SEAL_BYTES; at < row.length; ) {
    if (at + HEAD_BYTES > row.length) throw corruptRow('cut off');
    const recordAt = at + HEAD_BYTES + row.readUInt16LE(at + 12);
    const end = recordAt + row.readUInt32LE(at);
    if (end > row.length) throw corruptRow('cut off');
    const part = (from: number, to: number): Uint8Array => new Uint8Array(row.buffer, row.byteOffset + from, to - from);
    providers.push(Object.assign(decodeProvider(key, part(at + HEAD_BYTES, recordAt), part(recordAt, end)), { filedAt: row.readDoubleLE(at + 4) }));
    at = end;
  }
  return providers;
}
