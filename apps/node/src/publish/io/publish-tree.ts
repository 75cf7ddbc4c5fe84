import { join } from 'node:path';
import { createDat, type Dat, type KeyPair } from '@p2p/dave-wire';
import type { BulkClient } from '../../client/bulk.ts';
import type { Client } from '../../client/client.ts';
import { codeOf } from '../../cli/app-error.ts';
import type { BlockRef } from '../core/block.ts';
import { encodePointer, pointerKey, type Pointer } from '../core/pointer.ts';
import { PublishError } from '../core/publish-error.ts';
import { blocksToSend } from './known-blocks.ts';
import { planTree } from './plan-tree.ts';
import { pointerOf } from './pointer-dat.ts';
import { Prover } from './prover.ts';
import { readNewest } from './read-newest.ts';
import { sendBlocks } from './send-blocks.ts';
import { SentJournal } from './sent-journal.ts';
import { SourceReader } from './source-reader.ts';
import { walkTree } from './walk-tree.ts';

/** Go peers refuse dats that are ahead of their clock by any amount. */
const CLOCK_ALLOWANCE_MS = 2000;
/** A dat lives for 365 days: a block in one that is older than this gets a new one. */
const REFRESH_AFTER_MS = 182 * 86_400_000;

/** What is being done, for a progress bar; `total` is undefined until it is known. */
export type PublishProgress = (step: 'read' | 'compare' | 'send', done: number, total: number | undefined) => void;

export interface PublishOptions {
  readonly directory: string;
  readonly name: string;
  readonly keyPair: KeyPair;
  readonly dataDir: string;
  /** Never published, nor is the data directory. */
  readonly keyFile: string;
  readonly difficulty: number;
  readonly minAcks: number;
  readonly timeoutMs: number;
  /** `changed` believes the journal, `probe` asks the network for every block, `all` sends every block. */
  readonly send: 'changed' | 'probe' | 'all';
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
  readonly onProgress: PublishProgress;
  readonly retryAfterMs?: readonly number[] | undefined;
}

/** What has been published. */
export interface Published {
  root: string;
  entries: number;
  contentBytes: number;
  manifestBytes: number;
  /** Distinct blocks of the tree, its manifest included, and those of them that were sent. */
  blocks: number;
  sent: number;
  /** Confirmations of those, each replica counted. */
  acks: number;
  /** Replicas that have the pointer. */
  pointerAcks: number;
}

/**
 * Publishes a tree: blocks first, and when the network has confirmed them all, the pointer that makes them the tree
 * of that name. Until then readers see the old tree.
 * @throws PublishError, and what the client throws
 */
export async function publishTree(client: Client & BulkClient, options: PublishOptions): Promise<Published> {
  const { keyPair, name, signal, timeoutMs, minAcks, onProgress } = options;
  const key = pointerKey(name);
  const walked = await walkTree(options.directory, signal, [options.dataDir, options.keyFile]);
  using source = new SourceReader(walked.files);
  const total = walked.files.reduce((sum, { size }) => sum + size, 0);
  const { pointer, pages, content } = await planTree(walked, source, signal, (bytes) => onProgress('read', bytes, total));

  const pagesById = new Map(pages.map((page) => [page.id, page.bytes]));
  const filesById = new Map(content.blocks.map((block) => [block.id, block]));
  const blocks = [...content.blocks, ...pages.filter(({ id }) => !filesById.has(id))];
  const bytesOf = ({ id }: BlockRef): Uint8Array => pagesById.get(id) ?? source.block(filesById.get(id)!);

  const previous = await previousPointer(client, options);
  const notBefore = Date.now() - REFRESH_AFTER_MS;
  await using journal = await SentJournal.open(join(options.dataDir, 'publish', `${Buffer.from(keyPair.publicKey).toString('hex')}.sent`), notBefore);
  const toSend = options.send === 'all' ? blocks : await compare(blocks, { client, journal, previous: previous?.pointer, pointer, notBefore }, options);
  const time = Date.now() - CLOCK_ALLOWANCE_MS;
  const { acks } = await send(toSend, { client, journal, bytesOf, time }, options);

  const unchanged = toSend.length === 0 && previous?.pointer !== undefined && samePointer(previous.pointer, pointer) && previous.dat.time >= notBefore;
  // Put even where nothing has changed, so that it is where it belongs: the very same dat is stored once.
  const dat = unchanged
    ? previous.dat
    : await createDat({ privateKey: keyPair.privateKey, key, value: encodePointer(pointer), bindKey: true, difficulty: options.difficulty, time: pointerTime(previous?.dat.time, time, name) }, { signal });
  const placed = await client.put(dat, { minAcks, timeoutMs, signal }).catch((error: unknown) => {
    if (codeOf(error) === 'NODE_NEWER_EXISTS') throw newerExists(name, error);
    throw error;
  });
  return {
    root: pointer.root,
    entries: pointer.entries,
    contentBytes: pointer.contentBytes,
    manifestBytes: pointer.manifestBytes,
    blocks: blocks.length,
    sent: toSend.length,
    acks,
    pointerAcks: placed.acks,
  };
}

async function previousPointer(client: Client, { keyPair, name, timeoutMs, signal, note }: PublishOptions): Promise<{ pointer: Pointer | undefined; dat: Dat } | undefined> {
  const result = await readNewest(client, keyPair.publicKey, pointerKey(name), { timeoutMs, signal }).catch((error: unknown) => {
    // A node that is alone has nobody to ask, and may be the first that the tree is published on.
    if (codeOf(error) === 'NODE_NO_PEERS') return undefined;
    throw error;
  });
  if (result?.found !== true) return undefined;
  const { dat } = result;
  try {
    return { pointer: pointerOf(dat), dat };
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    note(`replacing what stands under '${name}', which is no tree that this program reads (${error.message})`);
    return { pointer: undefined, dat };
  }
}

async function compare(
  blocks: readonly BlockRef[],
  { client, journal, previous, pointer, notBefore }: { client: BulkClient; journal: SentJournal; previous: Pointer | undefined; pointer: Pointer; notBefore: number },
  { keyPair, timeoutMs, signal, minAcks, send: mode, note, onProgress }: PublishOptions,
): Promise<readonly BlockRef[]> {
  onProgress('compare', 0, undefined);
  await using reader = client.openReader(keyPair.publicKey, { timeoutMs, signal });
  return await blocksToSend(blocks, { journal, reader, previous, root: pointer.root }, { minAcks, notBefore, probe: mode === 'probe', signal, note });
}

async function send(
  blocks: readonly BlockRef[],
  { client, journal, bytesOf, time }: { client: BulkClient; journal: SentJournal; bytesOf: (block: BlockRef) => Uint8Array; time: number },
  { keyPair, difficulty, minAcks, signal, onProgress, retryAfterMs }: PublishOptions,
): Promise<{ acks: number }> {
  if (blocks.length === 0) return { acks: 0 };
  onProgress('send', 0, blocks.length);
  // Ends what is underway when something fails.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    await using prover = new Prover({ privateKey: keyPair.privateKey, difficulty, time }, either);
    await using writer = client.openWriter(keyPair.publicKey, { signal: either });
    return await sendBlocks(blocks, { prover, writer, journal, bytesOf }, { minAcks, time, signal: either, retryAfterMs, onProgress: (progress) => onProgress('send', progress.blocks, blocks.length) }).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

function samePointer(a: Pointer, b: Pointer): boolean {
  return Buffer.compare(encodePointer(a), encodePointer(b)) === 0;
}

/** Later than what stands there, and not ahead of the clock. */
function pointerTime(previous: number | undefined, time: number, name: string): number {
  if (previous === undefined || previous < time) return time;
  if (previous + 1 <= Date.now()) return previous + 1;
  throw newerExists(name, undefined);
}

function newerExists(name: string, cause: unknown): PublishError {
  return new PublishError('PUBLISH_NEWER_EXISTS', `a newer tree stands under '${name}': somebody with the same key has just published it, or has a clock that is ahead`, { cause });
}
