import { RecordStoreError } from '../../errors.ts';
import { pause } from '../system.ts';
import { Census } from './census.ts';
import type { LmdbEnvironment, Snapshot } from './environment.ts';
import { RECOUNT_MARK } from './recount-mark.ts';
import { following, ROW } from './rows.ts';
import type { LmdbUsage } from './usage-rows.ts';
import type { WriteQueue } from './write-queue.ts';

/** Rows that are counted between two turns of the event loop. */
const ROWS_AT_A_TIME = 256;
const NOTHING: Uint8Array = new Uint8Array(0);

export interface RecountsParts {
  readonly environment: () => LmdbEnvironment;
  readonly queue: WriteQueue;
  /** What is put right. */
  readonly usage: LmdbUsage;
}

/**
 * Puts counts right after rows that could not be read were discarded: nobody knows what those had counted for. Everything
 * in the last commit is counted, beside everything else that goes on, and by how much that differs from what the commit
 * itself says is taken over.
 */
export class Recounts {
  readonly #parts: RecountsParts;
  #due = false;
  #running: Promise<void> | undefined;
  /** While other work keeps it from counting: settles at its end. */
  #paused: Promise<void> | undefined;
  #ended = false;
  #stop = new AbortController();

  constructor(parts: RecountsParts) {
    this.#parts = parts;
  }

  /** For a file that was left before it was counted anew. */
  resume(): void {
    const { environment } = this.#parts;
    if (environment().get(RECOUNT_MARK) !== undefined) this.#begin();
  }

  /** Within a decision that discards a row, or where the file does not say what it holds. */
  demand(): void {
    this.#parts.queue.write(RECOUNT_MARK, NOTHING);
    this.#begin();
  }

  /** Resolves when counts are right. Rejects with RecordStoreError when they could not be put right for now, RECORD_STORE_CLOSED when the store was closed before. */
  async settled(): Promise<void> {
    while (this.#due || this.#running !== undefined) {
      if (this.#ended) throw new RecordStoreError('RECORD_STORE_CLOSED', 'this record store was closed before everything was counted: the next open counts.');
      if (this.#paused === undefined) this.#begin();
      await (this.#paused ?? this.#running);
    }
  }

  /** Runs `work` while nothing is counted. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#paused = promise;
    this.#stop.abort();
    await this.#running?.catch(() => undefined);
    try {
      return await work();
    } finally {
      this.#stop = new AbortController();
      this.#paused = undefined;
      resolve();
      if (this.#due) this.#begin();
    }
  }

  /** Ends what is under way; whoever opens the file next begins again. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#stop.abort();
    await this.#running?.catch(() => undefined);
  }

  #begin(): void {
    this.#due = true;
    if (this.#running !== undefined || this.#paused !== undefined || this.#ended) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
    // Whoever asks for counts is told.
    this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { environment, queue, usage } = this.#parts;
    try {
      while (this.#due) {
        this.#due = false;
        // What was discarded so far is in the snapshot then.
        await queue.settled();
        const census = await environment().withSnapshot((snapshot) => censusOf(snapshot, this.#stop.signal));
        queue.begin();
        usage.correct(census.said(), census.found);
        for (const key of census.unreadableHeads()) queue.write(key, undefined);
        queue.write(RECOUNT_MARK, this.#due ? NOTHING : undefined);
        await queue.settled();
      }
    } catch (error) {
      this.#due = true;
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}

async function censusOf(snapshot: Snapshot, signal: AbortSignal): Promise<Census> {
  const census = new Census();
  for (const kind of [ROW.meta, ROW.value, ROW.providers, ROW.originUsage]) {
    let start: Uint8Array = Uint8Array.of(kind);
    const end = Uint8Array.of(kind + 1);
    for (;;) {
      const rows = snapshot.range({ start, end, limit: ROWS_AT_A_TIME });
      for (const row of rows) census.take(row);
      const last = rows.at(-1);
      if (last === undefined) break;
      start = following(last.key);
      await pause();
      signal.throwIfAborted();
    }
  }
  return census;
}
