import { lstat, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheError } from '../errors.ts';
import { getOrCreateWith } from '../get-or-create.ts';
import type { CacheBackend, CacheHit, PutOptions } from '../types.ts';
import { bytesOfPath } from './byte-path.ts';
import { errnoOf } from './errno.ts';
import { removeTree } from './tree/remove-tree.ts';

/**
 * The entry of a key; on a miss `build` fills an empty directory, which becomes the entry. One builder works at a time: in
 * this process always, among processes where the backend has the capability `lockBuild`. What `build` throws is passed on
 * and leaves no entry. When it is done nobody may write there any more: the directory itself may become the entry.
 */
export async function getOrCreate(
  backend: CacheBackend,
  key: string,
  build: (dir: string) => Promise<void>,
  description: string,
  options?: PutOptions & {
    /** Where builders' directories are made. Default: in the cache where it can (`makeBuildDir`), else in the system's directory for temporary files. On the file system of the cache, the tree is moved instead of copied. */
    readonly scratchDir?: string | undefined;
  },
): Promise<CacheHit> {
  const { scratchDir, ...rest } = options ?? {};
  const scratch = {
    make: async () => (scratchDir === undefined ? await backend.makeBuildDir?.() : undefined) ?? (await mkdtemp(join(scratchDir ?? tmpdir(), 'p2p-cache-build-'))),
    remove: async (dir: string): Promise<void> => removeTree(bytesOfPath(dir)),
  };
  return await getOrCreateWith(scratch, backend, key, (dir) => buildIn(dir, build), description, rest);
}

/** What is in the directory's place afterwards is given away with all that is in it: a link, or what was mounted there, is not ours to give. */
async function buildIn(dir: string, build: (dir: string) => Promise<void>): Promise<void> {
  const { dev } = await lstat(dir, { bigint: true });
  await build(dir);
  const built = await lstat(dir, { bigint: true }).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new CacheError('CACHE_SOURCE_INVALID', `${dir}: the builder removed its directory, or the cache was closed while it worked`, { path: dir, cause: error });
  });
  if (!built.isDirectory() || built.dev !== dev) throw new CacheError('CACHE_SOURCE_INVALID', `${dir}: the builder left something else in place of its directory`, { path: dir });
}
