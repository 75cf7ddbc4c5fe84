import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { BlockId } from './block.ts';
import { compareBytes } from './byte-order.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FORMAT_VERSION, HASH_BYTES, LIMITS, MIN_LEAF_BYTES } from './limits.ts';
import { assertTreeName } from './names.ts';
import type { TreeTotals } from './tree.ts';

/** 'D', 'T', 'P'. */
const POINTER_MAGIC: Uint8Array = Uint8Array.of(0x44, 0x54, 0x50);

/** What stands under a tree's name: where its manifest is, and what to expect of it. */
export interface Pointer extends TreeTotals {
  /** The root of the index, or the one leaf of the manifest. */
  readonly root: BlockId;
  readonly manifestBytes: number;
  readonly leaves: number;
}

/**
 * The key of the dat that a tree's name stands for.
 * @throws PublishError PUBLISH_UNSAFE_NAME
 */
export function pointerKey(name: string): string {
  assertTreeName(name);
  return `tree/${name}`;
}

export function encodePointer({ root, manifestBytes, leaves, entries, contentBytes }: Pointer): Uint8Array {
  const writer = new ByteWriter(64);
  writer.bytes(POINTER_MAGIC);
  writer.byte(FORMAT_VERSION);
  writer.bytes(fromBase64Url(root));
  for (const number of [manifestBytes, leaves, entries, contentBytes]) writer.varint(number);
  return writer.result();
}

/**
 * Reads the value under a tree's name, the binding to its key taken off.
 * @throws PublishError PUBLISH_BAD_POINTER, PUBLISH_UNKNOWN_VERSION, PUBLISH_NOT_CANONICAL, PUBLISH_SIZE_MISMATCH, PUBLISH_TOO_LARGE
 */
export function decodePointer(bytes: Uint8Array): Pointer {
  const reader = new ByteReader(bytes, 'the pointer to the tree', 'PUBLISH_BAD_POINTER');
  if (compareBytes(reader.bytes(POINTER_MAGIC.length), POINTER_MAGIC) !== 0) throw reader.refuse('it does not begin like one');
  const version = reader.byte();
  if (version !== FORMAT_VERSION) throw reader.refuse(`it is of version ${version}, this program reads version ${FORMAT_VERSION}`, 'PUBLISH_UNKNOWN_VERSION');
  const root = toBase64Url(reader.bytes(HASH_BYTES));
  const manifestBytes = reader.varint(LIMITS.manifestBytes, 'the size of the manifest');
  const leaves = reader.varint(LIMITS.manifestBytes, 'the number of leaves');
  const entries = reader.varint(LIMITS.entries, 'the number of entries');
  const contentBytes = reader.varint(LIMITS.contentBytes, 'the size of the files');
  reader.end();
  // Every leaf but the last has its least size, so that few bytes are never many pages.
  if (leaves < 1 || manifestBytes < (leaves - 1) * MIN_LEAF_BYTES + 1) {
    throw reader.refuse(`${manifestBytes} bytes are no manifest of ${leaves} leaves`, 'PUBLISH_SIZE_MISMATCH');
  }
  return { root, manifestBytes, leaves, entries, contentBytes };
}

/** Names a tree by its content, whoever published it: the key that it has in a cache. */
export function treeCacheKey(root: BlockId, options: { setId: boolean }): string {
  return `dave-tree/${FORMAT_VERSION}/${root}${options.setId ? '/set-id' : ''}`;
}
