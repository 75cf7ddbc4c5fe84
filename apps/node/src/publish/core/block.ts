import { blake3 } from '@p2p/dave-wire';
import { toBase64Url } from './base64url.ts';
import { MAX_BLOCK_BYTES } from './limits.ts';
import { PublishError } from './publish-error.ts';

/** Before the hash in the key of every block. */
const BLOCK_PREFIX = 't1/';

/** Names a block: BLAKE3-256 of its bytes in base64url, 43 characters. */
export type BlockId = string;

/** A block that is known by its content, and how many bytes that has. */
export interface BlockRef {
  readonly id: BlockId;
  readonly length: number;
}

export function blockIdOf(bytes: Uint8Array): BlockId {
  return toBase64Url(blake3(bytes));
}

/** The key of the dat that holds a block. */
export function blockKey(id: BlockId): string {
  return BLOCK_PREFIX + id;
}

/**
 * Checks that bytes are the block that was asked for.
 * @param expected its id, and its length where that is known
 * @param what says where the block belongs
 * @throws PublishError PUBLISH_TAMPERED, PUBLISH_SIZE_MISMATCH
 */
export function assertBlock(bytes: Uint8Array, expected: { readonly id: BlockId; readonly length?: number | undefined }, what: string): void {
  const { id, length = bytes.length } = expected;
  const details = { block: blockKey(id), of: what };
  if (bytes.length === 0 || bytes.length > MAX_BLOCK_BYTES || blockIdOf(bytes) !== id) {
    throw new PublishError('PUBLISH_TAMPERED', `${what}: the block ${blockKey(id)} holds other bytes than its key says`, { details });
  }
  if (bytes.length !== length) {
    throw new PublishError('PUBLISH_SIZE_MISMATCH', `${what}: the block ${blockKey(id)} has ${bytes.length} bytes where ${length} belong`, { details });
  }
}
