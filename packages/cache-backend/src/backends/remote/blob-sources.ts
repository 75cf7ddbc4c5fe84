import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { CacheError } from '../../errors.ts';
import { fsPath, showPath } from '../../io/byte-path.ts';
import type { BlobSource } from './blob-store.ts';

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): BlobSource {
  return { sizeBytes: bytes.length, read: async (start, length) => bytes.subarray(start, start + length) };
}

/** A file of a cached tree, opened while `fn` runs. */
export async function withFileSource<T>(path: string, sizeBytes: number, fn: (source: BlobSource) => Promise<T>): Promise<T> {
  const file = await open(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await fn({
      sizeBytes,
      async read(start, length) {
        const bytes = new Uint8Array(length);
        let filled = 0;
        while (filled < length) {
          const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
          if (bytesRead === 0) throw new CacheError('CACHE_CORRUPT', `${showPath(path)} is shorter than its manifest says`);
          filled += bytesRead;
        }
        return bytes;
      },
    });
  } finally {
    await file.close();
  }
}
