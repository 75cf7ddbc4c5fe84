import type { BlobStore } from './blob-store.ts';
import { DamagedBlob } from './checked-blob.ts';
import { inParallel } from './in-parallel.ts';
import type { RemoteIndex } from './remote-index.ts';
import { blobsOf, readRemoteManifest } from './remote-trees.ts';

const PARALLEL = 8;
/** Writers at the end of an upload wait for one turn at most. */
const PER_TURN = 256;

/**
 * Removes blobs that no entry and nobody at work needs and that are older than the grace. Does nothing at all while it
 * cannot tell what is needed, because an entry's manifest cannot be read. Returns how many it removed.
 *
 * Why no writer loses a blob: a writer renews what it finds and asks for the epoch afterwards; we begin a turn, which
 * writers see as a new epoch, before we look at a blob's age for the last time. Either we see that it was renewed, or the
 * writer sees that there was a turn and looks again. Upload and grace: an upload shorter than half the grace is safe.
 */
export async function collectBlobs(blobs: BlobStore, index: RemoteIndex, graceMs: number, signal?: AbortSignal): Promise<number> {
  // In this order: an upload that ends in between is in one of both.
  const leased = await index.leasedTrees();
  const live = new Set<string>();
  for await (const entry of index.list(signal)) {
    if ('corrupt' in entry) continue;
    live.add(entry.pointer.tree);
  }
  const needed = new Set<string>([...live, ...leased]);
  await inParallel(new Set(needed), PARALLEL, async (tree) => {
    try {
      for (const digest of blobsOf(await readRemoteManifest(blobs, tree, signal)).keys()) needed.add(digest);
    } catch (error) {
      // Not uploaded yet: what it has so far is younger than the grace.
      if (error instanceof DamagedBlob && !live.has(tree)) return;
      throw error;
    }
  });
  let removed = 0;
  const batch: string[] = [];
  const removeBatch = async (): Promise<boolean> =>
    await index.gate.turn(async (isMine) => {
      await inParallel(batch.splice(0), PARALLEL, async (digest) => {
        signal?.throwIfAborted();
        const state = await blobs.stat(digest);
        if (state === undefined || state.ageMs <= graceMs || !isMine()) return;
        await blobs.remove(digest);
        removed++;
      });
    });
  for await (const { digest, ageMs } of blobs.list()) {
    signal?.throwIfAborted();
    if (needed.has(digest) || ageMs <= graceMs) continue;
    batch.push(digest);
    // Another one is at it: it removes the same.
    if (batch.length >= PER_TURN && !(await removeBatch())) return removed;
  }
  if (batch.length > 0) await removeBatch();
  await blobs.dropUnfinished?.(graceMs);
  return removed;
}
