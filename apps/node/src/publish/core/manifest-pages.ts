import { assertBlock, blockIdOf, type BlockId, type BlockRef } from './block.ts';
import { StreamCutter } from './cutter.ts';
import { buildIndex, decodeIndexPage, levelSizes, type ChildRef, type PageRef } from './index-pages.ts';
import { INDEX_FANOUT, MIN_LEAF_BYTES } from './limits.ts';
import { decodeManifest, type Manifest } from './manifest-decoder.ts';
import { encodeManifest } from './manifest-encoder.ts';
import type { Pointer } from './pointer.ts';
import { PublishError } from './publish-error.ts';
import type { DirectoryEntry } from './tree.ts';

/** A page of a manifest, ready to be published. */
export interface Page extends BlockRef {
  readonly bytes: Uint8Array;
}

/** What a tree is published as, besides the blocks of its files. */
export interface ManifestPlan {
  readonly pointer: Pointer;
  /** Leaves and pages of the index, each distinct one once. */
  readonly pages: readonly Page[];
}

/**
 * Writes the manifest of a tree and cuts it into pages. It is read again first: nothing is published that nobody could fetch.
 * @throws PublishError what `decodeManifest` throws
 */
export function planManifest(root: DirectoryEntry): ManifestPlan {
  const bytes = encodeManifest(root);
  const { totals } = decodeManifest(bytes);
  const pages = new Map<BlockId, Page>();
  const leaves: PageRef[] = [];
  const cutter = new StreamCutter((leaf) => {
    const ref = { id: blockIdOf(leaf), length: leaf.length };
    pages.set(ref.id, { ...ref, bytes: leaf });
    leaves.push({ ...ref, manifestBytes: leaf.length });
  });
  cutter.push(bytes);
  cutter.end();
  const index = buildIndex(leaves, (page, ref) => pages.set(ref.id, { id: ref.id, length: ref.length, bytes: page }));
  return { pointer: { root: index.root.id, manifestBytes: bytes.length, leaves: leaves.length, ...totals }, pages: [...pages.values()] };
}

/** Gets blocks by their ids, in the same order; what comes back is not trusted. */
export type FetchPages = (ids: readonly BlockId[], what: string) => Promise<readonly Uint8Array[]>;

/** A manifest as it was fetched, with the ids of all its pages. */
export interface FetchedManifest extends Manifest {
  readonly pages: ReadonlySet<BlockId>;
}

/**
 * Fetches a manifest level by level, from the root of its index. How many pages each level has follows
 * from the pointer, so no page can lead in a circle or to more pages than that.
 * @throws PublishError what `assertBlock`, `decodeIndexPage` and `decodeManifest` throw; whatever `fetchPages` throws
 */
export async function fetchManifest(pointer: Pointer, fetchPages: FetchPages): Promise<FetchedManifest> {
  const sizes = levelSizes(pointer.leaves);
  const pages = new Set<BlockId>();
  let refs: readonly ChildRef[] = [{ id: pointer.root, manifestBytes: pointer.manifestBytes }];
  for (let level = sizes.length - 1; level >= 0; level--) {
    const what = level === 0 ? 'the manifest' : `level ${level} of the manifest's index`;
    const blocks = await fetchPages(refs.map(({ id }) => id), what);
    for (const [at, { id }] of refs.entries()) {
      assertBlock(blocks[at]!, { id }, what);
      pages.add(id);
    }
    if (level === 0) return { ...joinLeaves(pointer, refs, blocks), pages };
    refs = refs.flatMap(({ manifestBytes }, at) =>
      decodeIndexPage(blocks[at]!, { level, children: Math.min(INDEX_FANOUT, sizes[level - 1]! - at * INDEX_FANOUT), manifestBytes }),
    );
  }
  throw new TypeError('a pointer has at least one leaf');
}

function joinLeaves(pointer: Pointer, refs: readonly ChildRef[], leaves: readonly Uint8Array[]): Manifest {
  const bytes = new Uint8Array(pointer.manifestBytes);
  let length = 0;
  for (const [at, leaf] of leaves.entries()) {
    if (leaf.length !== refs[at]!.manifestBytes) {
      throw new PublishError('PUBLISH_SIZE_MISMATCH', `leaf ${at} of the manifest has ${leaf.length} bytes where its index says ${refs[at]!.manifestBytes}`);
    }
    if (leaf.length < MIN_LEAF_BYTES && at < leaves.length - 1) {
      throw new PublishError('PUBLISH_NOT_CANONICAL', `leaf ${at} of the manifest has ${leaf.length} bytes, at least ${MIN_LEAF_BYTES} belong into all but the last`);
    }
    bytes.set(leaf, length);
    length += leaf.length;
  }
  const manifest = decodeManifest(bytes);
  const { entries, contentBytes } = manifest.totals;
  if (entries !== pointer.entries || contentBytes !== pointer.contentBytes) {
    throw new PublishError(
      'PUBLISH_SIZE_MISMATCH',
      `the pointer promises ${pointer.entries} entries with ${pointer.contentBytes} bytes, the manifest has ${entries} with ${contentBytes}`,
    );
  }
  return manifest;
}
