import type { CacheEmitter } from '../events.ts';
import type { PruneOptions, PruneReport } from '../types.ts';
import type { Thread } from './thread/thread.ts';
import type { TreeThreads } from './tree-threads.ts';

const LOW_WATERMARK = 0.9;
/** Other processes put too: what there is in all is counted again after so many puts. */
const RECOUNT_EVERY = 64;

/** Removals: on demand, when limits are exceeded, and of the trash. */
export class Upkeep {
  readonly #root: string;
  readonly #store: Thread;
  readonly #threads: TreeThreads;
  readonly #limits: PruneOptions | undefined;
  readonly #events: CacheEmitter;
  #emptying: Promise<void> = Promise.resolve();
  #isEmptying = false;
  #isWanted = false;
  #pruning: Promise<void> | undefined;
  #known: { entries: number; bytes: number; puts: number } | undefined;

  constructor(root: string, store: Thread, threads: TreeThreads, limits: PruneOptions | undefined, events: CacheEmitter) {
    this.#root = root;
    this.#store = store;
    this.#threads = threads;
    this.#limits = limits;
    this.#events = events;
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    const { signal, ...rest } = options;
    signal?.throwIfAborted();
    const report = await this.#store.request('prune', { options: rest });
    if (!report.dryRun) for (const victim of report.victims) this.#events.emit({ type: 'evicted', ...victim });
    return report;
  }

  /** After a put: prunes in the background when a limit is exceeded. */
  noteGrowth(bytes: number): void {
    if (this.#limits === undefined) return;
    if (this.#known !== undefined) {
      this.#known.entries++;
      this.#known.bytes += bytes;
      this.#known.puts++;
      const { maxEntries = Infinity, maxBytes = Infinity } = this.#limits;
      const isWithin = this.#known.entries <= maxEntries && this.#known.bytes <= maxBytes && this.#known.puts < RECOUNT_EVERY;
      if (isWithin) return;
    }
    this.#pruning ??= this.#pruneToLimits(this.#limits).finally(() => {
      this.#pruning = undefined;
    });
  }

  async #pruneToLimits(limits: PruneOptions): Promise<void> {
    try {
      await this.prune({ lowWatermark: LOW_WATERMARK, ...limits });
      const known = { entries: 0, bytes: 0, puts: 0 };
      for (let from = 0; from < 256; from += 16) {
        for (const { sizeBytes } of await this.#store.request('list', { from, to: from + 16 })) {
          known.entries++;
          known.bytes += sizeBytes;
        }
      }
      this.#known = known;
    } catch (error) {
      this.#events.emit({ type: 'degraded', operation: 'prune', error: error as Error });
    }
  }

  /** Removes what is in the trash, in the background. */
  emptyTrash(): void {
    this.#isWanted = true;
    if (this.#isEmptying) return;
    this.#isEmptying = true;
    this.#emptying = this.#emptyUntilDone();
  }

  async #emptyUntilDone(): Promise<void> {
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        await this.#threads.any().request('emptyTrash', { root: this.#root });
      }
    } catch (error) {
      this.#events.emit({ type: 'degraded', operation: 'trash', error: error as Error });
    } finally {
      this.#isEmptying = false;
    }
  }

  /** Waits for what goes on in the background. */
  async settle(): Promise<void> {
    await this.#pruning;
    await this.#store.request('settle', {});
    await this.#emptying;
  }

  async close(): Promise<void> {
    await this.settle();
  }
}
