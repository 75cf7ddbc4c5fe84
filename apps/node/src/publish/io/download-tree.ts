import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BulkReader } from '../../client/bulk.ts';
import { assertBlock, type BlockId } from '../core/block.ts';
import { blockOwners } from '../core/block-owners.ts';
import { assertNoCaseConflicts } from '../core/case-conflicts.ts';
import { fetchManifest } from '../core/manifest-pages.ts';
import type { Pointer } from '../core/pointer.ts';
import { assertReadable } from '../core/readable.ts';
import { readBlocks } from './block-reader.ts';
import { BlockSpool } from './block-spool.ts';
import { foldsNames } from './case-probe.ts';
import { incomingDirectory } from './incoming-blocks.ts';
import { writeTree } from './write-tree.ts';

/** What is being done, for a progress bar. */
export type FetchProgress = (step: 'manifest' | 'blocks' | 'write', done: number, total: number) => void;

export interface DownloadOptions {
  readonly dataDir: string;
  readonly setId: boolean;
  readonly isRoot?: boolean | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: FetchProgress;
  readonly retryAfterMs?: readonly number[] | undefined;
}

/** What a download took. */
export interface Downloaded {
  /** Distinct blocks of the tree, and those that had to be fetched. */
  blocks: number;
  fetched: number;
}

/**
 * Fetches a tree into an empty directory: manifest, then blocks, then files. Not a single name is written before the
 * whole manifest has been checked and every block is there. Blocks that were fetched are kept for the
 * next try, until `forgetBlocks`.
 */
export async function downloadTree(pointer: Pointer, reader: BulkReader, directory: string, options: DownloadOptions): Promise<Downloaded> {
  const { signal, setId, onProgress, retryAfterMs } = options;
  using spool = new BlockSpool(spoolPath(pointer, options));
  let fetched = 0;
  const fetchInto = async (ids: Iterable<BlockId>, check: { describe: (id: BlockId) => string; lengthOf?: (id: BlockId) => number | undefined }, progress: () => void): Promise<void> => {
    const missing = [...new Set(ids)].filter((id) => !spool.has(id));
    await readBlocks(
      reader,
      missing,
      (id, bytes) => {
        spool.add(id, bytes);
        fetched += 1;
        progress();
      },
      { signal, retryAfterMs, ...check },
    );
  };

  const manifest = await fetchManifest(pointer, async (ids, what) => {
    await fetchInto(ids, { describe: () => what }, () => onProgress('manifest', fetched, pointer.leaves));
    return ids.map((id) => spool.get(id));
  });
  const { blocks, totals, root, pages } = manifest;
  // Before blocks are fetched for what could not be kept.
  if (!(options.isRoot ?? process.getuid?.() === 0)) assertReadable(root);
  if (foldsNames(directory)) assertNoCaseConflicts(root);
  const pagesFetched = fetched;
  const owner = blockOwners(root);
  await fetchInto(blocks.keys(), { describe: owner, lengthOf: (id) => blocks.get(id) }, () => onProgress('blocks', fetched - pagesFetched, blocks.size));
  // Those that were there before have not been held against this manifest.
  for (const [id, length] of blocks) assertBlock(spool.get(id), { id, length }, owner(id));
  await writeTree(root, directory, { bytesOf: (id) => spool.get(id), setId, signal, onProgress: (entries) => onProgress('write', entries, totals.entries) });
  return { blocks: new Set([...blocks.keys(), ...pages]).size, fetched };
}

/** Once the tree is where it belongs. */
export function forgetBlocks(pointer: Pointer, options: Pick<DownloadOptions, 'dataDir' | 'setId'>): void {
  rmSync(spoolPath(pointer, options), { force: true });
}

function spoolPath({ root }: Pointer, { dataDir, setId }: Pick<DownloadOptions, 'dataDir' | 'setId'>): string {
  return join(incomingDirectory(dataDir), `${root}${setId ? '.set-id' : ''}`);
}
