import { bytesOfPath } from '../../io/byte-path.ts';
import type { LocalCacheBackend } from '../../io/local-cache-backend.ts';
import { removeTree } from '../../io/tree/remove-tree.ts';

/** Calls `fn` with an empty directory beside the local copies, on their file system, that is gone afterwards. */
export async function inBuildDir<T>(local: LocalCacheBackend, fn: (dir: string) => Promise<T>): Promise<T> {
  const dir = await local.makeBuildDir();
  try {
    return await fn(dir);
  } finally {
    removeTree(bytesOfPath(dir));
  }
}
