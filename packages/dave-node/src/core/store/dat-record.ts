import { decodeEntry, encodeUtf8, type Dat, type Entry } from '@p2p/dave-wire';
import type { ValueRecord } from '@p2p/record-store';

/** What an entry is filed under: in memory, and in a record store as publicKey ‖ key. */
export type DatName = Pick<Dat, 'publicKey' | 'key'>;

/** publicKey ‖ key in UTF-8. */
export function recordKey({ publicKey, key }: DatName): Uint8Array {
  const keyBytes = encodeUtf8(key);
  const bytes = new Uint8Array(publicKey.length + keyBytes.length);
  bytes.set(publicKey);
  bytes.set(keyBytes, publicKey.length);
  return bytes;
}

/** The same as a string, for maps. */
export function nameText({ publicKey, key }: DatName): string {
  return String.fromCharCode(...publicKey) + key;
}

/** The value record of an encoded entry; takes what it is given. */
export function toRecord(name: DatName, encoded: Uint8Array, expiresMs: number): ValueRecord {
  return { key: recordKey(name), value: encoded, publisher: name.publicKey, expires: expiresMs };
}

/** The entry in a value record, its own bytes; undefined when the record is none of ours or filed under another key. */
export function fromRecord(record: ValueRecord): Entry | undefined {
  let entry: Entry;
  try {
    // Copied, because stores may hand out views of memory that they share or reuse.
    entry = decodeEntry(Uint8Array.from(record.value));
  } catch {
    // Only a WireError comes from here: the bytes are no entry.
    return undefined;
  }
  const expected = recordKey(entry.dat);
  if (expected.length !== record.key.length) return undefined;
  return expected.every((byte, at) => byte === record.key[at]) ? entry : undefined;
}
