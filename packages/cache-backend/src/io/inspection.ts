import type { CacheEmitter } from '../events.ts';
import type { CacheBackend, VerifyMode, VerifyReport } from '../types.ts';
import { bytesOfPath } from './byte-path.ts';
import { hashKey } from './store/layout.ts';
import type { Thread } from './thread/thread.ts';
import type { TreeThreads } from './tree-threads.ts';

type Mode = Exclude<VerifyMode, 'none'>;

/** Looks at trees, and takes damaged ones out of service. */
export class Inspection {
  readonly #dir: string;
  readonly #store: Thread;
  readonly #threads: TreeThreads;
  readonly #xattrs: boolean;
  readonly #events: CacheEmitter;

  constructor(dir: string, store: Thread, threads: TreeThreads, xattrs: boolean, events: CacheEmitter) {
    this.#dir = bytesOfPath(dir);
    this.#store = store;
    this.#threads = threads;
    this.#xattrs = xattrs;
    this.#events = events;
  }

  /** What is wrong with a tree, or undefined. The tree must be leased. */
  async verifyTree(tree: string, mode: Mode): Promise<string | undefined> {
    const container = `${this.#dir}/trees/${tree.slice(0, 2)}/${tree}`;
    return await this.#threads.any().request('verify', { container, tree, mode, xattrs: this.#xattrs });
  }

  async setAside(hash: string, tree: string, key: string, problem: string): Promise<void> {
    await this.#store.request('setAside', { hash, tree, problem });
    this.#events.emit({ type: 'quarantined', key, problem });
  }

  /** Checks one entry or all. */
  async verify(cache: Pick<CacheBackend, 'list'>, options: { key?: string | undefined; mode?: Mode | undefined; signal?: AbortSignal | undefined }): Promise<VerifyReport> {
    const keys: string[] = [];
    if (options.key !== undefined) keys.push(options.key);
    else for await (const entry of cache.list()) keys.push(entry.key);
    const corrupt: { key: string; problem: string }[] = [];
    let checked = 0;
    for (const key of keys) {
      options.signal?.throwIfAborted();
      const result = await this.#verifyKey(key, options.mode ?? 'full');
      if (result === undefined) continue;
      checked++;
      if (result.problem !== undefined) corrupt.push({ key, problem: result.problem });
    }
    return { checked, corrupt };
  }

  /** Undefined when the key has no entry (any more). */
  async #verifyKey(key: string, mode: Mode): Promise<{ problem: string | undefined } | undefined> {
    const hash = hashKey(key);
    const outcome = await this.#store.request('get', { hash, checks: true });
    if (!('hit' in outcome)) {
      if (outcome.corrupt === undefined) return undefined;
      this.#events.emit({ type: 'quarantined', key, problem: outcome.corrupt });
      return { problem: outcome.corrupt };
    }
    const { tree } = outcome.hit;
    let problem: string | undefined;
    try {
      problem = await this.verifyTree(tree, mode);
    } finally {
      await this.#store.request('release', { tree });
    }
    if (problem !== undefined) await this.setAside(hash, tree, key, problem);
    return { problem };
  }
}
