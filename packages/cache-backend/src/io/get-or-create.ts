import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOrCreateWith } from '../get-or-create.ts';
import type { CacheBackend, CacheHit, PutOptions } from '../types.ts';
import { bytesOfPath } from './byte-path.ts';
import { removeTree } from './tree/remove-tree.ts';

/**
 * The entry of a key; on a miss `build` fills an empty directory, which becomes the entry. One builder works at a time: in
 * this process always, among processes where the backend has the capability `lockBuild`. What `build` throws is passed on
 * and leaves no entry.
 */
export async function getOrCreate(
  backend: CacheBackend,
  key: string,
  build: (dir: string) => Promise<void>,
  description: string,
  options?: PutOptions & {
    /** Where builders' directories are made. Default: the system's directory for temporary files. On the file system of the cache, the tree is moved instead of copied. */
    readonly scratchDir?: string | undefined;
  },
): Promise<CacheHit> {
  const { scratchDir, ...rest } = options ?? {};
  const scratch = {
    make: () => mkdtemp(join(scratchDir ?? tmpdir(), 'p2p-cache-build-')),
    remove: async (dir: string): Promise<void> => removeTree(bytesOfPath(dir)),
  };
  return await getOrCreateWith(scratch, backend, key, build, description, rest);
}
