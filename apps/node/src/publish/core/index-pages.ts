import { fromBase64Url, toBase64Url } from './base64url.ts';
import { blockIdOf, type BlockRef } from './block.ts';
import { compareBytes } from './byte-order.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FORMAT_VERSION, HASH_BYTES, INDEX_FANOUT, LIMITS } from './limits.ts';

/** 'D', 'T', 'I'. */
const INDEX_MAGIC: Uint8Array = Uint8Array.of(0x44, 0x54, 0x49);

/** A page of the index and what lies below it, or a leaf of the manifest (level 0). */
export interface PageRef extends BlockRef {
  /** Bytes of the manifest that lie below. */
  readonly manifestBytes: number;
}

/** How many pages each level has: leaves first, the root last. */
export function levelSizes(leaves: number): number[] {
  const sizes = [leaves];
  while (sizes.at(-1)! > 1) sizes.push(Math.ceil(sizes.at(-1)! / INDEX_FANOUT));
  return sizes;
}

/** Builds the index over the leaves, hands out each of its pages, and returns its root: the leaf itself where there is one. */
export function buildIndex(leaves: readonly PageRef[], onPage: (page: Uint8Array, ref: PageRef) => void): { root: PageRef; level: number } {
  let below = leaves;
  let level = 0;
  while (below.length > 1) {
    level += 1;
    const above: PageRef[] = [];
    for (let at = 0; at < below.length; at += INDEX_FANOUT) {
      const children = below.slice(at, at + INDEX_FANOUT);
      const bytes = encodePage(level, children);
      const ref = { id: blockIdOf(bytes), length: bytes.length, manifestBytes: children.reduce((sum, child) => sum + child.manifestBytes, 0) };
      onPage(bytes, ref);
      above.push(ref);
    }
    below = above;
  }
  return { root: below[0]!, level };
}

function encodePage(level: number, children: readonly PageRef[]): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(INDEX_MAGIC);
  writer.byte(FORMAT_VERSION);
  writer.byte(level);
  writer.varint(children.length);
  for (const { id, manifestBytes } of children) {
    writer.bytes(fromBase64Url(id));
    writer.varint(manifestBytes);
  }
  return writer.result();
}

/** A child as its page names it: how long the child's own block is shows only when it is there. */
export type ChildRef = Omit<PageRef, 'length'>;

/**
 * Reads one page of the index, of which everything but the hashes is known before.
 * @throws PublishError PUBLISH_BAD_MANIFEST, PUBLISH_UNKNOWN_VERSION, PUBLISH_NOT_CANONICAL, PUBLISH_SIZE_MISMATCH, PUBLISH_TOO_LARGE
 */
export function decodeIndexPage(bytes: Uint8Array, expected: { level: number; children: number; manifestBytes: number }): ChildRef[] {
  const reader = new ByteReader(bytes, `a page of level ${expected.level} of the manifest's index`, 'PUBLISH_BAD_MANIFEST');
  if (compareBytes(reader.bytes(INDEX_MAGIC.length), INDEX_MAGIC) !== 0) throw reader.refuse('it does not begin like a page of an index');
  const version = reader.byte();
  if (version !== FORMAT_VERSION) throw reader.refuse(`it is of version ${version}, this program reads version ${FORMAT_VERSION}`, 'PUBLISH_UNKNOWN_VERSION');
  const level = reader.byte();
  if (level !== expected.level) throw reader.refuse(`it says that it is of level ${level}`);
  const count = reader.varint(INDEX_FANOUT, 'the number of children');
  if (count !== expected.children) throw reader.refuse(`it has ${count} children where ${expected.children} belong`, 'PUBLISH_NOT_CANONICAL');
  const children: ChildRef[] = [];
  let total = 0;
  for (let index = 0; index < count; index++) {
    const child = { id: toBase64Url(reader.bytes(HASH_BYTES)), manifestBytes: reader.varint(LIMITS.manifestBytes, 'the size of a child') };
    total += child.manifestBytes;
    children.push(child);
  }
  reader.end();
  if (total !== expected.manifestBytes) throw reader.refuse(`its children have ${total} bytes where ${expected.manifestBytes} belong`, 'PUBLISH_SIZE_MISMATCH');
  return children;
}
