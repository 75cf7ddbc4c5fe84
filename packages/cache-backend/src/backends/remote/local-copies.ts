import { dirname, join } from 'node:path';
import { CacheError } from '../../errors.ts';
import { bytesOfPath } from '../../io/byte-path.ts';
import type { LocalCacheBackend } from '../../io/local-cache-backend.ts';
import { assembleTree } from '../../io/tree/assemble-tree.ts';
import type { TreeNode } from '../../manifest.ts';
import type { CacheHit, VerifyMode } from '../../types.ts';
import type { BlobStore } from './blob-store.ts';
import { readChecked } from './checked-blob.ts';
import { inBuildDir } from './in-build-dir.ts';
import { inParallel } from './in-parallel.ts';
import { readRemoteManifest } from './remote-trees.ts';

const PARALLEL = 16;
const TRIES = 5;

/** Trees of the remote store as directories of this machine: local entries under their digests. */
export class LocalCopies {
  readonly local: LocalCacheBackend;
  readonly #blobs: BlobStore;
  readonly #maxBytes: number;
  readonly #fetching = new Map<string, Promise<CacheHit>>();

  constructor(local: LocalCacheBackend, blobs: BlobStore, maxBytes: number) {
    this.local = local;
    this.#blobs = blobs;
    this.#maxBytes = maxBytes;
  }

  /** A leased local copy, fetched if need be: by one caller at a time. @throws DamagedBlob when the store's is not whole */
  async get(tree: string, verify: VerifyMode, signal: AbortSignal | undefined): Promise<CacheHit> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const hit = await this.local.get(tree, { verify, signal });
      if (hit?.entry.treeDigest === tree) return hit;
      await hit?.release();
      const running = this.#fetching.get(tree);
      if (running !== undefined) {
        await running.catch(() => undefined);
        signal?.throwIfAborted();
        continue;
      }
      const job = this.#fetch(tree, signal);
      this.#fetching.set(tree, job);
      try {
        return await job;
      } finally {
        this.#fetching.delete(tree);
      }
    }
    throw new CacheError('CACHE_NO_SPACE', 'local copies are evicted before they can be used: raise the limits of the local directory');
  }

  async #fetch(tree: string, signal: AbortSignal | undefined): Promise<CacheHit> {
    const nodes = await readRemoteManifest(this.#blobs, tree, signal);
    const bytes = sizeOf(nodes);
    // Before anything of it is written.
    if (bytes > this.#maxBytes) throw new CacheError('CACHE_TOO_LARGE', `the tree has ${bytes} bytes, more than the ${this.#maxBytes} that local copies may have`);
    const isOwned = nodes.some(({ uid, gid }) => uid !== -1 || gid !== -1);
    return await inBuildDir(this.local, async (dir) => {
      const target = join(dir, 'tree');
      await assembleTree(
        nodes,
        bytesOfPath(target),
        (node, write) => readChecked(this.#blobs, node.digest, node.size, write, { signal }),
        (files, fn) => inParallel(files, PARALLEL, fn),
      );
      const hit = await this.local.put(tree, target, '', { move: true, special: 'keep', owner: isOwned ? 'keep-if-root' : 'ignore', signal });
      if (hit.entry.treeDigest === tree) return hit;
      await hit.release();
      await this.local.invalidate(tree);
      const why = isOwned && process.getuid?.() !== 0 ? "it keeps owners, which only root can set: put it with owner: 'ignore'" : 'its file system keeps less than the tree has, such as extended attributes';
      throw new CacheError('CACHE_UNSUPPORTED', `this machine cannot hold the tree as it was put: ${why}`);
    });
  }
}

/** Bytes of its files, of those with several names once. */
function sizeOf(nodes: readonly TreeNode[]): number {
  const groups = new Set<string>();
  let bytes = 0;
  for (const { type, size, group } of nodes) {
    if (type !== 'f' || groups.has(group)) continue;
    bytes += size;
    if (group !== '-') groups.add(group);
  }
  return bytes;
}

/** Where a local hit has its `tree` and `manifest`. Bytes. */
export function containerOf(hit: CacheHit): string {
  return bytesOfPath(dirname(hit.path));
}
