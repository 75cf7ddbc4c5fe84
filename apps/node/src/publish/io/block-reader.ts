import { setTimeout as delay } from 'node:timers/promises';
import type { BulkReader } from '../../client/bulk.ts';
import { assertBlock, blockKey, type BlockId } from '../core/block.ts';
import { PublishError } from '../core/publish-error.ts';
import { boundedEach } from './bounded-each.ts';

/** Questions underway at once: each may be answered by up to five replicas, whose packets have to fit into the socket's buffer. */
const WINDOW = 32;
/** Waits before what was not found is asked for again: replicas may just be moving it. */
const RETRY_AFTER_MS: readonly number[] = [500, 2000];
/** Missing blocks that a message names. */
const NAMED = 5;

export interface BlockReaderOptions {
  readonly signal: AbortSignal;
  /** Says what a block belongs to, for messages. */
  readonly describe: (id: BlockId) => string;
  /** How many bytes it must have, where that is known. */
  readonly lengthOf?: (id: BlockId) => number | undefined;
  /** Waits before what is missing is asked for again. Default: 0.5 s, then 2 s. */
  readonly retryAfterMs?: readonly number[] | undefined;
}

interface Missing {
  readonly id: BlockId;
  readonly answered: number;
  /** Somebody answered, with bytes that the author signed and that are not the block. */
  readonly refusal?: PublishError;
}

/**
 * Gets blocks, several at once. What was not found, and what was not the block, is asked for again in a later
 * round, since another replica may be faster then.
 * @param onBlock takes the bytes of each, checked against its id and `lengthOf`
 * @throws PublishError PUBLISH_TAMPERED, PUBLISH_SIZE_MISMATCH, PUBLISH_BLOCKS_MISSING, or PUBLISH_BLOCKS_SILENT where nobody answered, naming some of them
 */
export async function readBlocks(reader: BulkReader, ids: Iterable<BlockId>, onBlock: (id: BlockId, bytes: Uint8Array) => void, options: BlockReaderOptions): Promise<void> {
  let wanted = ids;
  for (let round = 0; ; round++) {
    const missing: Missing[] = [];
    await boundedEach(wanted, WINDOW, async (id) => {
      const result = await reader.read(blockKey(id));
      if (!result.found) return void missing.push({ id, answered: result.answered });
      const { value } = result.dat;
      const refusal = refusalOf(value, { id, length: options.lengthOf?.(id) }, options.describe(id));
      if (refusal === undefined) onBlock(id, value);
      else missing.push({ id, answered: 1, refusal });
    });
    if (missing.length === 0) return;
    const waitMs = (options.retryAfterMs ?? RETRY_AFTER_MS)[round];
    if (waitMs === undefined) throw missingError(missing, options.describe);
    await delay(waitMs, undefined, { signal: options.signal });
    wanted = missing.map(({ id }) => id);
  }
}

function refusalOf(bytes: Uint8Array, expected: { id: BlockId; length: number | undefined }, what: string): PublishError | undefined {
  try {
    assertBlock(bytes, expected, what);
    return undefined;
  } catch (error) {
    if (error instanceof PublishError) return error;
    throw error;
  }
}

function missingError(missing: readonly Missing[], describe: (id: BlockId) => string): PublishError {
  const refusal = missing.find((one) => one.refusal !== undefined)?.refusal;
  if (refusal !== undefined) return refusal;
  const silent = missing.every(({ answered }) => answered === 0);
  const blocks = missing.slice(0, NAMED).map(({ id }) => ({ block: blockKey(id), of: describe(id) }));
  const lines = blocks.map(({ block, of }) => `\n  ${block} of ${of}`).join('');
  const more = missing.length > NAMED ? `\n  and ${missing.length - NAMED} more` : '';
  const what = silent ? 'nobody answers for' : 'no replica has';
  return new PublishError(silent ? 'PUBLISH_BLOCKS_SILENT' : 'PUBLISH_BLOCKS_MISSING', `${what} ${missing.length} ${missing.length === 1 ? 'block' : 'blocks'} of the tree:${lines}${more}`, {
    details: { missing: missing.length, blocks },
  });
}
