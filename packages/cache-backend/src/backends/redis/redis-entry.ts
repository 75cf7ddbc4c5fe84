import { createHash } from 'node:crypto';
import { sha256 } from '../../io/tree/copy-bytes.ts';
import { hashKey } from '../../io/store/layout.ts';
import { BLOB_NAME } from '../remote/blob-store.ts';
import { parsePointer, type Pointer } from '../../pointer.ts';

const VALUE = /^(\d{1,16}) (\d{1,16}) ([0-9a-f]{64}) /;

/** Changes with every put, as each has a token of its own. */
export function versionOf(value: string): string {
  return createHash('sha1').update(value, 'utf8').digest('hex');
}

/** The pointer in a value of the index; undefined when it is damaged, or another key's. */
export function parseValue(hash: string, value: string): Pointer | undefined {
  const match = VALUE.exec(value);
  if (match === null) return undefined;
  const pointer = parsePointer(value.slice(match[0].length), sha256);
  if (pointer === undefined || !BLOB_NAME.test(pointer.tree)) return undefined;
  // The script decides by these; they must say the same.
  if (pointer.tree !== match[3] || (pointer.expiresAtMs ?? 0) !== Number(match[2])) return undefined;
  try {
    return hashKey(pointer.key) === hash ? pointer : undefined;
  } catch (error) {
    // A key that no caller could have used.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
