import { createHash } from 'node:crypto';
import { CacheError } from '../../errors.ts';
import type { BlobStore } from './blob-store.ts';
import type { RemovalGate } from './remote-index.ts';

/** A blob that is not what its name says, or not there. */
export class DamagedBlob extends Error {
  readonly digest: string;
  /** What it should have, or the most it may have. */
  readonly sizeBytes: number;

  constructor(digest: string, sizeBytes: number, problem: string) {
    super(`blob ${digest.slice(0, 12)}… ${problem}`);
    this.digest = digest;
    this.sizeBytes = sizeBytes;
  }
}

/**
 * Reads a blob and checks what it read: `use` gets every piece before the whole is known to be right.
 * @param sizeBytes Its length, or the most it may have when `isExact` is false. Never reads more.
 * @throws DamagedBlob when it is missing or differs.
 */
export async function readChecked(
  blobs: BlobStore,
  digest: string,
  sizeBytes: number,
  use: (bytes: Uint8Array) => void | Promise<void>,
  options: { isExact?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const stream = await blobs.read(digest, options.signal);
  if (stream === undefined) throw new DamagedBlob(digest, sizeBytes, 'is missing');
  const hasher = createHash('sha256');
  let length = 0;
  for await (const bytes of stream) {
    options.signal?.throwIfAborted();
    length += bytes.length;
    if (length > sizeBytes) throw new DamagedBlob(digest, sizeBytes, `has more than the ${sizeBytes} bytes that it may have`);
    hasher.update(bytes);
    await use(bytes);
  }
  if (options.isExact !== false && length !== sizeBytes) throw new DamagedBlob(digest, sizeBytes, `has ${length} bytes instead of ${sizeBytes}`);
  if (hasher.digest('hex') !== digest) throw new DamagedBlob(digest, sizeBytes, 'has other content than its name says');
}

/** A blob in memory. */
export async function readWhole(blobs: BlobStore, digest: string, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await readChecked(blobs, digest, maxBytes, (bytes) => void parts.push(bytes), { isExact: false, signal });
  return Buffer.concat(parts);
}

/** A remote failure for whatever a client threw. */
export function remoteError(doing: string, cause: unknown): CacheError {
  if (cause instanceof CacheError) return cause;
  const message = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new CacheError('CACHE_REMOTE', `${doing}: ${message}`, { cause });
}

/** Removes a blob unless it is whole by now, in a turn of its own: a writer that counted on it looks again. */
export async function dropDamaged(blobs: BlobStore, gate: RemovalGate, { digest, sizeBytes }: DamagedBlob): Promise<void> {
  const drop = async (): Promise<void> => {
    try {
      // Never more than it may have: it might be endless.
      await readChecked(blobs, digest, sizeBytes, () => {}, { isExact: false });
    } catch (error) {
      if (!(error instanceof DamagedBlob)) throw error;
      await blobs.remove(digest);
    }
  };
  while (!(await gate.turn(drop))) await gate.epoch();
}
