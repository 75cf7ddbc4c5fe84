import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheEmitter } from '../../events.ts';
import { LocalCacheBackend } from '../../io/local-cache-backend.ts';
import type { LocalCacheOptions } from '../../options.ts';
import type { BlobStore } from './blob-store.ts';
import type { RemoteIndex } from './remote-index.ts';

/** What every cache with a remote store is told. */
export interface RemoteCacheOptions {
  /** A directory of this machine for local copies, of its own; processes may share it. */
  readonly dir: string;
  /** Limits of the local copies, that hold by themselves. Default: none. */
  readonly localLimits?: LocalCacheOptions['limits'];
  /** Threads that copy, 1 to 16. Default 2, or 1 on a machine with one processor. */
  readonly threads?: number | undefined;
  /** Blobs that nothing needs are kept for so long: at least twice what the longest upload takes. Default 1 hour. */
  readonly graceMs?: number | undefined;
}

export interface RemoteParts {
  readonly tier: string;
  readonly index: RemoteIndex;
  readonly blobs: BlobStore;
  readonly graceMs: number;
  readonly local: LocalCacheBackend;
  /** Larger trees cannot be copied here. */
  readonly maxBytes: number;
  readonly events: CacheEmitter;
  readonly threads: number | undefined;
}

/** Opens the local side of a cache with a remote store. */
export async function openLocalSide(options: RemoteCacheOptions): Promise<Pick<RemoteParts, 'local' | 'maxBytes' | 'threads'>> {
  const { threads } = options;
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const local = await LocalCacheBackend.open({ dir: join(options.dir, 'cache'), ...(threads === undefined ? {} : { threads }), ...(options.localLimits === undefined ? {} : { limits: options.localLimits }) });
  return { local, maxBytes: options.localLimits?.maxBytes ?? Infinity, threads };
}
