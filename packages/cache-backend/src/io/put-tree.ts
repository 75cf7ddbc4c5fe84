import * as fs from 'node:fs/promises';
import { resolve } from 'node:path';
import { CacheError } from '../errors.ts';
import { type Pointer, TREE_NAME } from '../pointer.ts';
import type { PutOptions } from '../types.ts';
import { bytesOfPath, showPath } from './byte-path.ts';
import { errnoOf } from './errno.ts';
import type { StoreHit } from './store/store.ts';
import type { Abilities, TreeSummary } from './thread/protocol.ts';
import type { Thread } from './thread/thread.ts';
import { isWorthOneSync } from './tree/sync-tree.ts';
import type { TreeThreads } from './tree-threads.ts';

/** Damaged trees of one content that are still in use take so many names at most. */
const MAX_INSTANCES = 9;

/** Paths below the cache of directories that it gave builders, of whatever instance, and in them. */
const BUILD = /^tmp\/[0-9]{1,10}-[0-9a-f]{16}\/build-\d+(?:\/|$)/;

export interface PutContext {
  readonly dir: string;
  readonly store: Thread;
  readonly threads: TreeThreads;
  readonly abilities: Abilities;
  readonly maxBytes: number;
}

export interface PutRequest {
  readonly key: string;
  readonly hash: string;
  readonly sourceDir: string;
  readonly description: string;
  readonly options: PutOptions;
}

/**
 * Copies a tree into a container of this process, brings it to disk, moves it to its place, lets the key lead there.
 * Undefined when `ifAbsent` was asked for and the key has an entry meanwhile.
 */
export async function putTree(context: PutContext, request: PutRequest): Promise<StoreHit | undefined> {
  const { store, threads, abilities } = context;
  const { options } = request;
  const source = await checkSource(request.sourceDir, context.dir, options.move === true);
  const container = await store.request('newContainer', { hash: request.hash });
  let hit: StoreHit | undefined;
  let isPlaced = false;
  // Most of the tree goes to disk while the source is looked at again and the manifest is made; what is left then is little.
  let early: Promise<unknown> = Promise.resolve();
  const startSync = (nodes: number): void => {
    if (abilities.sync !== 'filesystem' || !isWorthOneSync(nodes)) return;
    // Starting a program takes a thread some ms: one that has nothing else to do.
    early = store.request('syncFileSystem', { directory: container });
    // Its failure is that of the put, when it comes so far: the system tells of a failed write once.
    early.catch(() => {});
  };
  const publish = async (summary: TreeSummary, fill: () => Promise<void>): Promise<void> => {
    if (summary.sizeBytes > context.maxBytes) {
      throw new CacheError('CACHE_TOO_LARGE', `the tree has ${summary.sizeBytes} bytes, more than the ${context.maxBytes} that the whole cache may have`);
    }
    await early;
    await threads.any().request('sync', { container, mode: abilities.sync });
    await fill();
    options.signal?.throwIfAborted();
    const { tree, isNew } = await place(context, request.hash, container, summary.digest);
    isPlaced = isNew;
    hit = await store.request('point', { hash: request.hash, pointer: pointerOf(request, tree, summary), ifAbsent: options.ifAbsent === true, isNewTree: isNew });
  };
  const copyOptions = {
    source: source.path,
    target: `${container}/tree`,
    keepOwner: abilities.isRoot && options.owner !== 'ignore',
    xattrs: abilities.xattrs && options.xattrs !== 'ignore',
    special: options.special ?? 'refuse',
    mode: 'store',
    pool: `${bytesOfPath(context.dir)}/pool`,
    canReflink: abilities.canReflink,
    isOwnTree: source.isOwnTree,
  } as const;
  try {
    let isMoved = false;
    const mayMove = options.move === true && !source.isOwnTree && !(abilities.isRoot && options.owner === 'ignore') && !(abilities.xattrs && options.xattrs === 'ignore');
    if (mayMove) {
      await threads.copy({ ...copyOptions, mode: 'scan' }, container, options.signal, async ({ summary, fill }) => {
        isMoved = !summary.hasOutsideLinks && (await threads.any().request('moveIn', { source: source.path, container }));
        if (isMoved) await publish(summary, fill);
        else await threads.any().request('remove', { path: `${container}/manifest` });
      });
    }
    if (!isMoved) await threads.copy(copyOptions, container, options.signal, async ({ summary, fill }) => publish(summary, fill), startSync);
    if (options.move === true && !isMoved && hit !== undefined && !source.isOwnTree) await threads.any().request('remove', { path: source.path });
    return hit;
  } finally {
    if (!isPlaced) await store.request('discardContainer', { container });
  }
}

/** Puts the container where its content belongs, or finds the same tree there, whole. Leaves with the leases of a publication. */
async function place({ store, threads, abilities, dir }: PutContext, hash: string, container: string, digest: string): Promise<{ tree: string; isNew: boolean }> {
  for (let instance = 0; instance <= MAX_INSTANCES; instance++) {
    const tree = instance === 0 ? digest : `${digest}-${instance}`;
    if (await store.request('place', { hash, container, tree })) return { tree, isNew: true };
    try {
      const there = `${bytesOfPath(dir)}/trees/${tree.slice(0, 2)}/${tree}`;
      const problem = await threads.any().request('verify', { container: there, tree, mode: 'full', xattrs: abilities.xattrs });
      if (problem === undefined) return { tree, isNew: false };
      await store.request('leave', { hash, tree });
      await store.request('setAside', { hash, tree, problem });
      // Its name is free again, unless somebody still uses it.
      if (await store.request('place', { hash, container, tree })) return { tree, isNew: true };
      await store.request('leave', { hash, tree });
    } catch (error) {
      await store.request('leave', { hash, tree });
      throw error;
    }
  }
  throw new CacheError('CACHE_CORRUPT', `${digest}: ${MAX_INSTANCES} damaged trees of this content are in use: have their users release them`);
}

function pointerOf({ key, description, options }: PutRequest, tree: string, summary: TreeSummary): Pointer {
  const now = Date.now();
  return {
    key,
    description,
    tree,
    sizeBytes: summary.sizeBytes,
    allocatedBytes: summary.allocatedBytes,
    sharedBytes: summary.sharedBytes,
    files: summary.files,
    cachedAtMs: now,
    ...(options.ttlMs === undefined ? {} : { expiresAtMs: now + options.ttlMs }),
    ...(options.tags === undefined || options.tags.length === 0 ? {} : { tags: Array.from(new Set(options.tags)).sort() }),
  };
}

/** The real path of a source. One that is consumed may be no link: what it leads to is not the caller's to give away. @throws CacheError CACHE_SOURCE_INVALID */
export async function checkSource(sourceDir: string, dir: string, isConsumed: boolean): Promise<{ path: string; isOwnTree: boolean }> {
  if (typeof sourceDir !== 'string' || sourceDir === '' || sourceDir.includes('\0')) throw new TypeError('sourceDir must be a path');
  let path: string;
  try {
    // `resolve` takes a slash off the end, which would have the link followed.
    if (isConsumed && (await fs.lstat(resolve(sourceDir))).isSymbolicLink()) throw new CacheError('CACHE_SOURCE_INVALID', `${sourceDir} is a link: name the directory itself, or put without move`, { path: sourceDir });
    path = bytesOfPathBuffer(await fs.realpath(sourceDir, { encoding: 'buffer' }));
    if (!(await fs.stat(sourceDir)).isDirectory()) throw new CacheError('CACHE_SOURCE_INVALID', `${sourceDir} is no directory`, { path: sourceDir });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
      throw new CacheError('CACHE_SOURCE_INVALID', `${sourceDir} is missing`, { cause: error, path: sourceDir });
    }
    throw error;
  }
  const cache = bytesOfPath(dir);
  if (cache === path || cache.startsWith(path === '/' ? '/' : `${path}/`)) {
    throw new CacheError('CACHE_SOURCE_INVALID', `${showPath(path)} contains the cache itself`, { path: showPath(path) });
  }
  const isInside = path.startsWith(`${cache}/`);
  const isOwnTree = isInside && isInTree(path.slice(cache.length + 1));
  if (isInside && !isOwnTree && !BUILD.test(path.slice(cache.length + 1))) throw new CacheError('CACHE_SOURCE_INVALID', `${showPath(path)} belongs to the cache`, { path: showPath(path) });
  return { path, isOwnTree };
}

/** Whether a path below the cache is a tree or in one; not its container, which is the cache's own. */
function isInTree(path: string): boolean {
  const [kind, shard, tree = '', name] = path.split('/', 4);
  return kind === 'trees' && TREE_NAME.test(tree) && tree.startsWith(shard ?? '-') && name === 'tree';
}

function bytesOfPathBuffer(path: Buffer): string {
  return path.toString('latin1');
}
