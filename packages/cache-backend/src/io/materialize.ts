import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CacheError, toCacheError } from '../errors.ts';
import type { CacheHit } from '../types.ts';
import { bytesOfPath } from './byte-path.ts';
import { errnoOf } from './errno.ts';
import { TreeThreads } from './tree-threads.ts';

/** How a tree is made from a cached one. */
export interface MaterializeOptions {
  /** `copy` (default) copies bytes; `reflink` clones them where the file system can, else CACHE_UNSUPPORTED; `hardlink`
   * shares files with the cache: quick, and whoever writes into them damages the cache. */
  readonly mode?: 'reflink' | 'copy' | 'hardlink' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a tree of the caller's own from a hit, with modes, times, links and holes; owners too when the process is root.
 * `target` must not exist; it appears whole or not at all. It is not synced to disk.
 * @throws CacheError CACHE_TARGET_EXISTS, CACHE_SOURCE_INVALID for a target inside the tree, CACHE_UNSUPPORTED, CACHE_NO_SPACE, …
 */
export async function materialize(hit: Pick<CacheHit, 'path'>, target: string, options: MaterializeOptions = {}): Promise<void> {
  const mode = options.mode ?? 'copy';
  if (!['copy', 'reflink', 'hardlink'].includes(mode)) throw new TypeError(`mode: ${mode} is none of copy, reflink, hardlink`);
  const goal = resolve(target);
  const draft = join(dirname(goal), `.${basename(goal).slice(0, 100)}.${randomBytes(6).toString('hex')}.partial`);
  const threads = new TreeThreads(undefined, undefined);
  try {
    if ((await fs.lstat(goal).catch(() => undefined)) !== undefined) throw new CacheError('CACHE_TARGET_EXISTS', `${target} exists: give a path that does not`, { path: goal });
    const source = await fs.realpath(hit.path);
    const above = await realParent(goal, target);
    if (`${above}/`.startsWith(`${source}/`)) throw new CacheError('CACHE_SOURCE_INVALID', `${target} lies in the tree that is to be copied: give a path elsewhere`, { path: goal });
    await threads.copy(
      {
        source: bytesOfPath(source),
        target: bytesOfPath(draft),
        keepOwner: process.getuid?.() === 0,
        xattrs: true,
        special: 'keep',
        mode,
        pool: undefined,
        canReflink: false,
        isOwnTree: true,
      },
      undefined,
      options.signal,
      async () => {
        await renameLocked(draft, goal);
      },
    );
  } catch (error) {
    await threads.any().request('remove', { path: bytesOfPath(draft) }).catch(() => undefined);
    throw options.signal?.aborted === true ? error : toCacheError(error, `cannot make ${target}`);
  } finally {
    await threads.close();
  }
}

/** Where the directory that the target goes into really is. */
async function realParent(goal: string, target: string): Promise<string> {
  try {
    return await fs.realpath(dirname(goal));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new CacheError('CACHE_FILE_SYSTEM', `${target}: the directory that it is to be in, ${dirname(goal)}, does not exist: make it first`, { cause: error, path: goal });
  }
}

/** Renames a directory that may deny its owner writing; renaming needs that where the parent changes, which it does not here. */
async function renameLocked(draft: string, goal: string): Promise<void> {
  try {
    await fs.rename(draft, goal);
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'EEXIST' || code === 'ENOTEMPTY' || code === 'ENOTDIR') throw new CacheError('CACHE_TARGET_EXISTS', `${goal} exists: give a path that does not`, { cause: error, path: goal });
    throw error;
  }
}
