import type { BulkReader } from '../../client/bulk.ts';
import { blockKey, type BlockId, type BlockRef } from '../core/block.ts';
import { fetchManifest } from '../core/manifest-pages.ts';
import type { Pointer } from '../core/pointer.ts';
import { PublishError } from '../core/publish-error.ts';
import { readBlocks } from './block-reader.ts';
import { boundedEach } from './bounded-each.ts';
import type { SentJournal } from './sent-journal.ts';

/** Blocks of the journal that the network is asked for before the journal is believed. */
const SAMPLE = 16;
const WINDOW = 32;

export interface KnownBlocksOptions {
  readonly minAcks: number;
  /** Blocks in older dats are sent again, so that they do not expire. */
  readonly notBefore: number;
  /** Ask the network for every block instead of believing the journal. */
  readonly probe: boolean;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** Finds out which blocks the network has, so that they need not be sent. */
export async function blocksToSend(
  blocks: readonly BlockRef[],
  modules: { journal: SentJournal; reader: BulkReader; previous: Pointer | undefined; root: BlockId },
  options: KnownBlocksOptions,
): Promise<BlockRef[]> {
  const { journal, reader, previous, root } = modules;
  const { minAcks, note, probe } = options;
  const journaled = blocks.filter(({ id }) => (journal.get(id)?.acks ?? -1) >= Math.max(minAcks, 1));
  const others = blocks.filter(({ id }) => (journal.get(id)?.acks ?? -1) < Math.max(minAcks, 1));

  const doubted = new Set<BlockId>(probe ? journaled.map(({ id }) => id) : []);
  if (!probe && journaled.length > 0) {
    const sample = sampleOf(journaled);
    const absent = await absentOf(sample.map(({ id }) => id), reader, options.notBefore);
    if (absent.size > 0) {
      note(`the network lacks ${absent.size} of ${sample.length} blocks that it had confirmed; asking for all of them`);
      for (const { id } of journaled) doubted.add(id);
    }
  }
  if (others.length > 0 && previous !== undefined && minAcks <= 1) {
    const published = previous.root === root ? undefined : await blocksOf(previous, reader, options);
    for (const { id } of others) if (published === undefined || published.has(id)) doubted.add(id);
  }

  const absent = await absentOf(doubted, reader, options.notBefore);
  const toSend = blocks.filter(({ id }) => {
    if (doubted.has(id)) return absent.has(id);
    return (journal.get(id)?.acks ?? -1) < Math.max(minAcks, 1);
  });
  for (const id of doubted) if (absent.has(id)) journal.forget(id);
  return toSend;
}

/** Evenly spread. */
function sampleOf<T>(items: readonly T[]): T[] {
  const count = Math.min(SAMPLE, items.length);
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)]!);
}

/** Those of which no replica has a dat that lives on for long enough. */
async function absentOf(ids: Iterable<BlockId>, reader: BulkReader, notBefore: number): Promise<Set<BlockId>> {
  const absent = new Set<BlockId>();
  await boundedEach(ids, WINDOW, async (id) => {
    const result = await reader.read(blockKey(id));
    if (!result.found || result.dat.time < notBefore) absent.add(id);
  });
  return absent;
}

/** All blocks of a tree that was published earlier; none where its manifest cannot be read any more. */
async function blocksOf(pointer: Pointer, reader: BulkReader, { signal, note }: KnownBlocksOptions): Promise<ReadonlySet<BlockId>> {
  try {
    const manifest = await fetchManifest(pointer, async (ids, what) => {
      const found = new Map<BlockId, Uint8Array>();
      await readBlocks(reader, new Set(ids), (id, bytes) => found.set(id, bytes), { signal, describe: () => what });
      return ids.map((id) => found.get(id)!);
    });
    return new Set([...manifest.pages, ...manifest.blocks.keys()]);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    note(`the tree that was published before cannot be read (${error.message}); sending everything`);
    return new Set();
  }
}
