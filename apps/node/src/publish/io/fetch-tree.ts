import type { BulkClient } from '../../client/bulk.ts';
import type { Client } from '../../client/client.ts';
import { treeCacheKey } from '../core/pointer.ts';
import { PublishError } from '../core/publish-error.ts';
import type { HeldTree, TreeStore } from '../tree-store.ts';
import { downloadTree, forgetBlocks, type Downloaded, type FetchProgress } from './download-tree.ts';
import { RememberedNames } from './remembered-names.ts';
import { resolveName } from './resolve-name.ts';

export interface FetchOptions {
  readonly publicKey: Uint8Array;
  readonly name: string;
  readonly dataDir: string;
  readonly maxAgeMs: number;
  readonly mustAsk: boolean;
  /** Larger trees are refused before anything of them is fetched. */
  readonly maxBytes: number;
  /** What the whole cache may have: a larger tree is refused before any block of it is fetched. */
  readonly cacheCapacity: number;
  readonly setId: boolean;
  /** Whether this process may read what its owner may not; by default whether it is root. */
  readonly isRoot?: boolean | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
  readonly onProgress: FetchProgress;
  readonly retryAfterMs?: readonly number[] | undefined;
}

/** A tree that was fetched, or was there already. It is held in the cache until it is disposed of. */
export interface FetchedTree {
  readonly tree: HeldTree;
  readonly root: string;
  /** Unix ms. */
  readonly publishedAt: number;
  readonly entries: number;
  readonly contentBytes: number;
  /** What had to be downloaded; undefined for a tree from the cache. */
  readonly downloaded: Downloaded | undefined;
  readonly fresh: boolean;
}

/**
 * Finds a tree by its name and gets it into the cache, from which it is taken where it is there already. Nobody is connected to unless
 * the network has to be asked.
 * @throws PublishError, and what client and cache throw
 */
export async function fetchTree(connect: () => Promise<Client & BulkClient>, store: TreeStore, options: FetchOptions): Promise<FetchedTree> {
  const { publicKey, timeoutMs, signal, setId, maxBytes, name } = options;
  const { pointer, publishedAt, fresh } = await resolveName(connect, new RememberedNames(options.dataDir), options);
  if (pointer.contentBytes > maxBytes) {
    throw new PublishError('PUBLISH_TOO_LARGE', `the tree '${name}' has ${pointer.contentBytes} bytes, more than the ${maxBytes} that are allowed: raise --max-size`);
  }
  const key = treeCacheKey(pointer.root, { setId });
  let downloaded: Downloaded | undefined;
  const build = async (directory: string): Promise<void> => {
    const client = await connect();
    await using reader = client.openReader(publicKey, { timeoutMs, signal });
    downloaded = await downloadTree(pointer, reader, directory, options);
  };
  const author = Buffer.from(publicKey).toString('hex');
  const about = { description: `${author}/${name}`, totals: pointer };
  const fits = pointer.contentBytes <= options.cacheCapacity;
  const there = await store.get(key, signal, fits ? 'anywhere' : 'here');
  if (there === undefined && !fits) {
    throw new PublishError('PUBLISH_TOO_LARGE', `the tree '${name}' has ${pointer.contentBytes} bytes, more than the ${options.cacheCapacity} that the whole cache may have: raise cacheCapacity`);
  }
  const tree = there ?? (await store.getOrBuild(key, build, about, signal));
  // Only now: a tree that the cache could not take need not be fetched again.
  if (downloaded !== undefined) forgetBlocks(pointer, options);
  if (tree.contentBytes !== pointer.contentBytes || (tree.entries ?? pointer.entries) !== pointer.entries) {
    await tree[Symbol.asyncDispose]();
    throw new PublishError('PUBLISH_SIZE_MISMATCH', `the pointer to '${name}' says ${pointer.entries} entries with ${pointer.contentBytes} bytes, the tree has ${tree.entries ?? 'as many'} with ${tree.contentBytes}`);
  }
  return { tree, root: pointer.root, publishedAt, entries: pointer.entries, contentBytes: pointer.contentBytes, downloaded, fresh };
}
