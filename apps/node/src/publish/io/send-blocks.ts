import { setTimeout as delay } from 'node:timers/promises';
import type { Dat } from '@p2p/dave-wire';
import type { BulkWriter } from '../../client/bulk.ts';
import { blockKey, type BlockRef } from '../core/block.ts';
import { PublishError } from '../core/publish-error.ts';
import { boundedEach } from './bounded-each.ts';
import type { Prover } from './prover.ts';
import type { SentJournal } from './sent-journal.ts';

/** Batches that are on their way to the replicas, beside those that are being proven. */
const BATCHES_UNDERWAY = 32;
/** Waits before blocks that too few replicas confirmed are sent again. */
const RETRY_AFTER_MS: readonly number[] = [500, 2000];

export interface SendModules {
  readonly prover: Prover;
  readonly writer: BulkWriter;
  readonly journal: SentJournal;
  readonly bytesOf: (block: BlockRef) => Uint8Array;
}

/** How far the sending is. */
export interface SendProgress {
  /** Blocks that enough replicas confirmed. */
  blocks: number;
  /** Dats that replicas confirmed, each replica counted. */
  acks: number;
}

/**
 * Signs, proves and sends blocks; each is noted in the journal when enough replicas have confirmed it. Nothing is
 * read ahead of what threads and replicas take.
 * @throws PublishError PUBLISH_NOT_ENOUGH_ACKS saying how many have it, and what `bytesOf` throws
 */
export async function sendBlocks(
  blocks: readonly BlockRef[],
  modules: SendModules,
  options: { minAcks: number; time: number; signal: AbortSignal; onProgress: (progress: SendProgress) => void; retryAfterMs?: readonly number[] | undefined },
): Promise<SendProgress> {
  const { minAcks, time, signal, onProgress } = options;
  const { prover, writer, journal, bytesOf } = modules;
  const progress: SendProgress = { blocks: 0, acks: 0 };
  let wanted = blocks;
  for (let round = 0; ; round++) {
    const lacking: BlockRef[] = [];
    let fewest = Number.POSITIVE_INFINITY;
    const send = async (block: BlockRef, dat: Dat): Promise<void> => {
      const { acks } = await writer.write(dat);
      progress.acks += acks;
      if (acks >= minAcks) {
        progress.blocks += 1;
        journal.add(block.id, { time, acks });
      } else {
        fewest = Math.min(fewest, acks);
        lacking.push(block);
      }
      onProgress(progress);
    };
    await boundedEach(batchesOf(wanted, prover.batchSize), prover.depth + BATCHES_UNDERWAY, async (batch) => {
      signal.throwIfAborted();
      const dats = await prover.prove(batch.map((block) => ({ key: blockKey(block.id), value: bytesOf(block) })));
      await Promise.all(batch.map((block, at) => send(block, dats[at]!)));
    });
    if (lacking.length === 0) return progress;
    const waitMs = (options.retryAfterMs ?? RETRY_AFTER_MS)[round];
    if (waitMs === undefined) {
      throw new PublishError(
        'PUBLISH_NOT_ENOUGH_ACKS',
        `${lacking.length} of ${blocks.length} blocks were confirmed by fewer than ${minAcks} replicas, one by ${fewest}: demand fewer with --min-acks, or run this again when more peers are there; what has been confirmed is not sent again`,
        { details: { lacking: lacking.length, blocks: blocks.length, fewestAcks: fewest } },
      );
    }
    await delay(waitMs, undefined, { signal });
    wanted = lacking;
  }
}

function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
