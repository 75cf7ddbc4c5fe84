import { sha256 } from '../../io/tree/copy-bytes.ts';
import { hashKey } from '../../io/store/layout.ts';
import { formatPointer, parsePointer, type Pointer } from '../../pointer.ts';
import { BLOB_NAME } from '../remote/blob-store.ts';

const GONE = 'p2p-cache-gone 1 ';

/** What a key's object says. */
export type S3Pointer = { readonly pointer: Pointer; readonly isPinned: boolean } | 'gone' | 'corrupt';

/** A pointer as an object: what the local index has, and a number that never comes twice, so that no two versions are alike. */
export function formatS3Pointer(pointer: Pointer, isPinned: boolean, nonce: string): string {
  const body = { ...pointer, isPinned, nonce };
  return formatPointer(body, sha256);
}

/** Where an entry was: needed on stores that cannot remove on condition. */
export function formatGone(nonce: string): string {
  return `${GONE}${nonce}\n`;
}

/** Never throws, whatever the text. */
export function parseS3Pointer(hash: string, text: string): S3Pointer {
  if (text.startsWith(GONE)) return 'gone';
  const pointer = parsePointer(text, sha256);
  if (pointer === undefined || !BLOB_NAME.test(pointer.tree)) return 'corrupt';
  try {
    // Somebody may have put another key's object there.
    if (hashKey(pointer.key) !== hash) return 'corrupt';
  } catch (error) {
    if (error instanceof TypeError) return 'corrupt';
    throw error;
  }
  const { isPinned } = JSON.parse(text.slice(text.indexOf('\n') + 1)) as { isPinned?: unknown };
  return { pointer, isPinned: isPinned === true };
}
