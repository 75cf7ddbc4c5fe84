import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, type KeyPair } from '@p2p/dave-wire';
import { fetchTree, type FetchedTree, type FetchOptions } from '../../src/publish/io/fetch-tree.ts';
import { publishTree, type Published, type PublishOptions } from '../../src/publish/io/publish-tree.ts';
import { DirectoryTrees } from './directory-trees.ts';
import { MemoryNetwork } from './memory-network.ts';

/** In memory where there is such a place: what is tested here is not the disk. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** One author, one network, and a reader. */
export class PublishBench implements AsyncDisposable {
  readonly home: string = mkdtempSync(join(TEMPORARY, 'dave-publish-'));
  readonly source: string = join(this.home, 'tree');
  readonly authorDir: string = join(this.home, 'author');
  readonly readerDir: string = join(this.home, 'reader');
  readonly treesDir: string = join(this.readerDir, 'trees');
  readonly stagingDir: string = join(this.readerDir, 'staging');
  readonly keyPair: KeyPair = generateKeyPair();
  readonly network: MemoryNetwork = new MemoryNetwork();
  readonly notes: string[] = [];
  /** Called before a fetched tree goes into the cache. */
  beforeKept: (() => void) | undefined;

  publish(options: Partial<PublishOptions> = {}): Promise<Published> {
    return publishTree(this.network, {
      directory: this.source,
      name: 'tree',
      keyPair: this.keyPair,
      dataDir: this.authorDir,
      keyFile: join(this.authorDir, 'key.dave'),
      difficulty: 8,
      minAcks: 1,
      timeoutMs: 1000,
      send: 'changed',
      signal: new AbortController().signal,
      note: (line) => void this.notes.push(line),
      onProgress: () => {},
      retryAfterMs: [1],
      ...options,
    });
  }

  /** Fetches and lets go of the tree. */
  async fetch(options: Partial<FetchOptions> = {}): Promise<Omit<FetchedTree, 'tree'> & { path: string }> {
    await using store = new DirectoryTrees(this.treesDir, this.stagingDir, this.beforeKept);
    const { tree, ...fetched } = await fetchTree(() => Promise.resolve(this.network), store, {
      publicKey: this.keyPair.publicKey,
      name: 'tree',
      dataDir: this.readerDir,
      maxAgeMs: 0,
      mustAsk: false,
      maxBytes: 2 ** 30,
      cacheCapacity: 2 ** 30,
      setId: false,
      timeoutMs: 1000,
      signal: new AbortController().signal,
      note: (line) => void this.notes.push(line),
      onProgress: () => {},
      retryAfterMs: [1],
      ...options,
    });
    await using held = tree;
    return { ...fetched, path: held.path };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}
