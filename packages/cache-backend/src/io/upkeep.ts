import type { CacheEmitter } from '../events.ts';
import type { PruneOptions, PruneReport } from '../types.ts';
import type { Thread } from './thread/thread.ts';
import type { TreeThreads } from './tree-threads.ts';

const LOW_WATERMARK = 0.9;
/** Other processes put too: what there is in all is counted again after so many puts. */
const RECOUNT_EVERY = 64;

/** What is in the cache as far as this instance knows. */
interface Known {
  entries: number;
  bytes: number;
  puts: number;
}

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
  #known: Known | undefined;
  /** What was put while entries were counted. */
  #unseen = { entries: 0, bytes: 0 };

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
    const known = this.#known;
    if (known !== undefined) {
      known.entries++;
      known.bytes += bytes;
      known.puts++;
      if (this.#isWithin(known)) return;
    }
    if (this.#pruning !== undefined) {
      // The count that is under way may have missed it. Counted twice it only brings the next prune forward.
      this.#unseen.entries++;
      this.#unseen.bytes += bytes;
      return;
    }
    this.#pruning = this.#pruneToLimits(this.#limits);
  }

  #isWithin({ entries, bytes, puts }: Known): boolean {
    const { maxEntries = Infinity, maxBytes = Infinity } = this.#limits ?? {};
    return entries <= maxEntries && bytes <= maxBytes && puts < RECOUNT_EVERY;
  }

  async #pruneToLimits(limits: PruneOptions): Promise<void> {
    try {
      let known: Known;
      do {
        this.#unseen = { entries: 0, bytes: 0 };
        this.#known = undefined;
        await this.prune({ lowWatermark: LOW_WATERMARK, ...limits });
        const { entries, bytes } = await this.#count();
        known = { entries: entries + this.#unseen.entries, bytes: bytes + this.#unseen.bytes, puts: 0 };
        this.#known = known;
        // What may not be evicted keeps a limit from holding, and would for ever.
      } while (!this.#isWithin(known) && this.#unseen.entries > 0);
    } catch (error) {
      this.#events.emit({ type: 'degraded', operation: 'prune', error: error as Error });
    } finally {
      // In the same turn as the last look at what was put meanwhile.
      this.#pruning = undefined;
    }
  }

  async #count(): Promise<{ entries: number; bytes: number }> {
    let entries = 0;
    let bytes = 0;
    for (let from = 0; from < 256; from += 16) {
      for (const { sizeBytes } of await this.#store.request('list', { from, to: from + 16 })) {
        entries++;
        bytes += sizeBytes;
      }
    }
    return { entries, bytes };
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
