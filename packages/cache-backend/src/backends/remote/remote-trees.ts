import { readFile } from 'node:fs/promises';
import { CacheError } from '../../errors.ts';
import { parseManifest, type TreeNode } from '../../manifest.ts';
import { fsPath, joinBytes } from '../../io/byte-path.ts';
import { sha256 } from '../../io/tree/copy-bytes.ts';
import { MAX_MANIFEST_BYTES } from '../../io/tree/verify-tree.ts';
import type { BlobStore } from './blob-store.ts';
import { bytesSource, withFileSource } from './blob-sources.ts';
import { DamagedBlob, readChecked, readWhole } from './checked-blob.ts';
import { inParallel } from './in-parallel.ts';
import type { RemovalGate } from './remote-index.ts';

const PARALLEL = 16;
/** Blobs read in full by a sampled check. */
const SAMPLES = 16;

/** Files of a tree by content: one node each. Empty files have no blob. */
export function blobsOf(nodes: readonly TreeNode[]): Map<string, TreeNode> {
  const wanted = new Map<string, TreeNode>();
  for (const node of nodes) if (node.type === 'f' && node.size > 0 && !wanted.has(node.digest)) wanted.set(node.digest, node);
  return wanted;
}

/** The manifest of a tree. @throws DamagedBlob when it is missing, damaged or no manifest. */
export async function readRemoteManifest(blobs: BlobStore, tree: string, signal?: AbortSignal): Promise<TreeNode[]> {
  const text = (await readWhole(blobs, tree, MAX_MANIFEST_BYTES, signal)).toString('latin1');
  const nodes = parseManifest(text);
  if (nodes === undefined) throw new DamagedBlob(tree, MAX_MANIFEST_BYTES, 'is no manifest of a tree');
  return nodes;
}

export interface Upload {
  readonly tree: string;
  /** Container of the local copy: `tree` and `manifest`. Bytes. */
  readonly container: string;
  readonly signal: AbortSignal | undefined;
  /** Blobs that were last written so long ago are renewed: they might be taken for unused. */
  readonly renewAfterMs: number;
}

/** Brings a tree's manifest and blobs into the store, as far as they are not there. */
export async function uploadTree(blobs: BlobStore, gate: RemovalGate, upload: Upload): Promise<void> {
  const manifest = await readFile(fsPath(`${upload.container}/manifest`));
  if (sha256(manifest) !== upload.tree) throw new CacheError('CACHE_CORRUPT', 'the local copy changed while it was uploaded');
  const nodes = parseManifest(manifest.toString('latin1'));
  if (nodes === undefined) throw new CacheError('CACHE_CORRUPT', 'the local copy has no sound manifest');
  const wanted = blobsOf(nodes);
  let epoch = await gate.epoch(upload.signal);
  for (;;) {
    // The manifest first: whoever looks for unused blobs meanwhile sees which ones this tree needs.
    await ensure(blobs, upload, upload.tree, manifest.length, (write) => write(bytesSource(manifest)));
    await inParallel(wanted.values(), PARALLEL, async (node) =>
      ensure(blobs, upload, node.digest, node.size, (write) => withFileSource(joinBytes(`${upload.container}/tree`, node.path), node.size, write)),
    );
    const after = await gate.epoch(upload.signal);
    if (after === epoch) return;
    // Something was removed meanwhile, perhaps what was found here before it was renewed.
    epoch = after;
  }
}

async function ensure(blobs: BlobStore, upload: Upload, digest: string, sizeBytes: number, open: (write: (source: Parameters<BlobStore['write']>[1]) => Promise<void>) => Promise<void>): Promise<void> {
  upload.signal?.throwIfAborted();
  const state = await blobs.stat(digest);
  if (state?.sizeBytes === sizeBytes && (state.ageMs <= upload.renewAfterMs || (await blobs.renew(digest)))) return;
  await open((source) => blobs.write(digest, source, upload.signal));
}

/** Checks a tree's blobs: that they are there with their sizes, and for some or all of them their bytes. @throws DamagedBlob */
export async function checkRemoteTree(blobs: BlobStore, tree: string, mode: 'metadata' | 'sampled' | 'full', random: () => number, signal?: AbortSignal): Promise<void> {
  const wanted = Array.from(blobsOf(await readRemoteManifest(blobs, tree, signal)).values());
  let toRead = mode === 'full' ? wanted.length : mode === 'sampled' ? SAMPLES : 0;
  let left = wanted.length;
  await inParallel(wanted, PARALLEL, async ({ digest, size }) => {
    // Each of those left is as likely to be picked.
    if (toRead > 0 && random() * left-- < toRead) {
      toRead--;
      await readChecked(blobs, digest, size, () => {}, { signal });
      return;
    }
    const state = await blobs.stat(digest);
    if (state === undefined) throw new DamagedBlob(digest, size, 'is missing');
    if (state.sizeBytes !== size) throw new DamagedBlob(digest, size, `has ${state.sizeBytes} bytes instead of ${size}`);
  });
}
