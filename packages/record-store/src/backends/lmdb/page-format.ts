/** The parts of the format of LMDB's data file (version 2) that reading it without LMDB needs. Little-endian. */

export const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;
const OVERFLOW_REFERENCE_BYTES = 24;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const NO_PAGE = 0xffffffffffffffffn;

const IS_BRANCH = 1;
const IS_LEAF = 2;
const IS_OVERFLOW = 4;
const IS_META = 8;
const NODE_IS_BIG = 1;
const KEYS_ARE_INTEGERS = 8;
const IS_PLAIN_FILE = 0x4000;

/** What a page is, judged by itself alone. `bad`: following it could lead anywhere. */
export type PageKind = 'branch' | 'leaf' | 'overflow' | 'bad';

/** A tree of pages as a meta page describes it. */
export interface TreeHead {
  readonly depth: number;
  readonly entries: number;
  /** Undefined: the tree is empty. */
  readonly root: number | undefined;
}

export interface Meta {
  readonly pageBytes: number;
  readonly transaction: bigint;
  readonly lastPage: number;
  /** How much is to be mapped. */
  readonly mapBytes: number;
  readonly free: TreeHead;
  readonly main: TreeHead;
}

/** Reads what a meta page holds; undefined when it is none. `bytes` starts with the page. */
export function readMeta(bytes: Uint8Array): Meta | undefined {
  if (bytes.length < PAGE_HEADER_BYTES + 168) return undefined;
  const view = viewOf(bytes);
  if (view.getUint16(18, true) !== IS_META) return undefined;
  if (view.getUint32(PAGE_HEADER_BYTES, true) !== MAGIC || (view.getUint32(PAGE_HEADER_BYTES + 4, true) & 0xffff) !== VERSION) return undefined;
  const at = PAGE_HEADER_BYTES + 24;
  const pageBytes = view.getUint32(at, true);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined;
  const lastPage = Number(view.getBigUint64(at + 96, true));
  if (!Number.isSafeInteger(lastPage)) return undefined;
  const free = readTree(view, at);
  const main = readTree(view, at + 48);
  // These decide how LMDB reads the pages of a tree, whether it decrypts them, and where it maps them; those of the environment are in the first.
  if ((view.getUint16(at + 4, true) & ~IS_PLAIN_FILE) !== KEYS_ARE_INTEGERS || view.getUint16(at + 48 + 4, true) !== 0) return undefined;
  return free === undefined || main === undefined ? undefined : { pageBytes, lastPage, mapBytes: Number(view.getBigUint64(PAGE_HEADER_BYTES + 16, true)), free, main, transaction: view.getBigUint64(at + 104, true) };
}

function readTree(view: DataView, at: number): TreeHead | undefined {
  const root = view.getBigUint64(at + 40, true);
  const entries = Number(view.getBigUint64(at + 32, true));
  if (root !== NO_PAGE && root > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { depth: view.getUint16(at + 6, true), entries, root: root === NO_PAGE ? undefined : Number(root) };
}

/** Where a value lies that does not fit into its leaf page. */
export interface OverflowReference {
  readonly page: number;
  readonly pages: number;
  readonly bytes: number;
}

/** One entry of a leaf page; bytes are views of the page. */
export interface LeafNode {
  readonly key: Uint8Array;
  readonly value: Uint8Array | OverflowReference;
}

function viewOf(page: Uint8Array): DataView {
  return new DataView(page.buffer, page.byteOffset, page.byteLength);
}

/** How many pages of `pageBytes` a value of this length takes up. */
export function overflowPages(bytes: number, pageBytes: number): number {
  return Math.floor((PAGE_HEADER_BYTES - 1 + bytes) / pageBytes) + 1;
}

/**
 * Whether a page is sound in itself: it says that it is number `expected`, and every node that it
 * points to lies within it. Only what is sound may be given to the functions below, or to LMDB.
 */
export function pageKind(page: Uint8Array, expected: number): PageKind {
  const view = viewOf(page);
  if (Number(view.getBigUint64(0, true)) !== expected) return 'bad';
  const flags = view.getUint16(18, true);
  if (flags === IS_OVERFLOW) return 'overflow';
  if (flags !== IS_BRANCH && flags !== IS_LEAF) return 'bad';
  const lower = view.getUint16(20, true);
  const upper = view.getUint16(22, true);
  const room = page.length - PAGE_HEADER_BYTES;
  if ((lower & 1) !== 0 || lower > upper || upper > room) return 'bad';
  const count = lower >> 1;
  // LMDB keeps at least two children in a branch, and asserts that there are.
  if (count < (flags === IS_BRANCH ? 2 : 1)) return 'bad';
  for (let at = 0; at < count; at++) {
    const offset = view.getUint16(PAGE_HEADER_BYTES + 2 * at, true);
    if (offset < upper || offset + NODE_HEADER_BYTES > room || (offset & 1) !== 0) return 'bad';
    const node = PAGE_HEADER_BYTES + offset;
    const keyBytes = view.getUint16(node + 6, true);
    let end = node + NODE_HEADER_BYTES + keyBytes;
    if (flags === IS_LEAF) {
      const nodeFlags = view.getUint16(node + 4, true);
      // Sub-trees and duplicates are never written.
      if ((nodeFlags & ~NODE_IS_BIG) !== 0 || keyBytes === 0) return 'bad';
      end += nodeFlags === NODE_IS_BIG ? OVERFLOW_REFERENCE_BYTES : view.getUint32(node, true);
    }
    if (end > page.length) return 'bad';
  }
  return flags === IS_BRANCH ? 'branch' : 'leaf';
}

/** The transaction that wrote a page. */
export function transactionOf(page: Uint8Array): bigint {
  return viewOf(page).getBigUint64(8, true);
}

/** The children of a branch page that is sound. */
export function childrenOf(page: Uint8Array): number[] {
  const view = viewOf(page);
  const children: number[] = [];
  const count = view.getUint16(20, true) >> 1;
  for (let at = 0; at < count; at++) {
    const node = PAGE_HEADER_BYTES + view.getUint16(PAGE_HEADER_BYTES + 2 * at, true);
    children.push(view.getUint32(node, true) + view.getUint16(node + 4, true) * 2 ** 32);
  }
  return children;
}

/** The entries of a leaf page that is sound. */
export function* leafNodes(page: Uint8Array): Generator<LeafNode, void, undefined> {
  const view = viewOf(page);
  const count = view.getUint16(20, true) >> 1;
  for (let at = 0; at < count; at++) {
    const node = PAGE_HEADER_BYTES + view.getUint16(PAGE_HEADER_BYTES + 2 * at, true);
    const bytes = view.getUint32(node, true);
    const keyEnd = node + NODE_HEADER_BYTES + view.getUint16(node + 6, true);
    const key = page.subarray(node + NODE_HEADER_BYTES, keyEnd);
    if (view.getUint16(node + 4, true) !== NODE_IS_BIG) yield { key, value: page.subarray(keyEnd, keyEnd + bytes) };
    else yield { key, value: { page: Number(view.getBigUint64(keyEnd, true)), pages: Number(view.getBigUint64(keyEnd + 16, true)), bytes } };
  }
}

/** How many pages the value that starts with this overflow page takes up. */
export function pagesOfOverflow(page: Uint8Array): number {
  return viewOf(page).getUint32(20, true);
}

/**
 * The pages that an entry of the list of free pages names, as [first, how many]: 64-bit words, their
 * number first; a negative one says how many pages start at the next word, zero is a gap.
 */
export function* freedPages(list: Uint8Array): Generator<readonly [page: number, pages: number], void, undefined> {
  const view = viewOf(list);
  const words = Math.floor(list.length / 8);
  const count = words === 0 ? 0 : Number(view.getBigUint64(0, true));
  if (count >= words) {
    // Fewer words than it says: no such list.
    yield [-1, 1];
    return;
  }
  for (let at = 1; at <= count; at++) {
    const word = Number(view.getBigInt64(8 * at, true));
    if (word > 0) yield [word, 1];
    else if (word < 0 && at < count) yield [Number(view.getBigInt64(8 * ++at, true)), -word];
  }
}
