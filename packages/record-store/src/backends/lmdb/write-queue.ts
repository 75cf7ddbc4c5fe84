import { bytesText } from '../../core/bytes.ts';
import type { LmdbEnvironment, RowWrite } from './environment.ts';

/** Rows of one commit. Handing them to LMDB takes about 1 µs each of the event loop. */
const MAX_BATCH_ROWS = 8192;

interface PendingRow extends RowWrite {
  readonly text: string;
  readonly key: Uint8Array;
  value: Uint8Array | undefined;
  readonly batch: Batch;
}

/** What becomes durable together. */
class Batch {
  readonly rows: PendingRow[] = [];
  /** Called when it is durable. */
  readonly after: (() => void)[] = [];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.resolve = resolve;
    this.reject = reject;
    // Who waits is told; when nobody does, nobody has to be.
    promise.catch(() => undefined);
  }
}

export interface WriteQueueParts {
  readonly environment: () => LmdbEnvironment;
  /** Rows that go with every batch: the numbers that count what is in it. */
  readonly closing: () => Iterable<RowWrite>;
  /** A commit failed, and with it everything that was decided since the one before: memory must follow the file again. */
  readonly onFailure: () => void;
}

/**
 * Rows that have been decided and are not durable yet. Decisions read them before the file, so they
 * are made one after another in memory while the file is written behind, a batch at a time: what fails
 * takes everything with it that was built on it.
 */
export class WriteQueue {
  readonly #parts: WriteQueueParts;
  readonly #overlay = new Map<string, PendingRow>();
  readonly #full: Batch[] = [];
  #open: Batch = new Batch();
  #flying: Batch | undefined;
  /** Settles when the commit under way does. */
  #commit: Promise<void> = Promise.resolve();
  /** Durable, and nobody has been told. */
  #landed: Batch | undefined;
  #running: Promise<void> | undefined;
  /** Settles when commits may go on; undefined: they may. */
  #held: Promise<void> | undefined;

  constructor(parts: WriteQueueParts) {
    this.#parts = parts;
  }

  /** What this row is to become; undefined: it stays as the file has it. */
  pending(text: string): RowWrite | undefined {
    return this.#overlay.get(text);
  }

  /** All of them, in no order. */
  rows(): Iterable<RowWrite> {
    return this.#overlay.values();
  }

  get isEmpty(): boolean {
    return this.#overlay.size === 0;
  }

  /** Call it before each decision: whatever one decision writes is in one batch. */
  begin(): void {
    if (this.#open.rows.length >= MAX_BATCH_ROWS) this.#close();
  }

  write(key: Uint8Array, value: Uint8Array | undefined, text: string | undefined = bytesText(key)): void {
    const batch = this.#open;
    const known = this.#overlay.get(text);
    if (known?.batch === batch) {
      known.value = value;
      return;
    }
    const row: PendingRow = { key, value, text, batch };
    this.#overlay.set(text, row);
    batch.rows.push(row);
    if (this.#running === undefined) this.#running = this.#run();
  }

  /** Calls back when what has been written so far is durable. */
  afterwards(callback: () => void): void {
    this.#open.after.push(callback);
  }

  /** Resolves when what has been written so far is durable. Rejects with RecordStoreError when it is not going to be. */
  settled(): Promise<void> {
    if (this.#open.rows.length > 0) return this.#open.done;
    return (this.#full.at(-1) ?? this.#flying)?.done ?? Promise.resolve();
  }

  /** Runs `work` between two commits. What is decided meanwhile waits. */
  async between<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    try {
      await before;
      await this.#commit.catch(() => undefined);
      return await work();
    } finally {
      if (this.#held === promise) this.#held = undefined;
      resolve();
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #close(): Batch {
    const batch = this.#open;
    for (const { key, value } of this.#parts.closing()) this.write(key, value);
    this.#open = new Batch();
    this.#full.push(batch);
    return batch;
  }

  async #run(): Promise<void> {
    // What is written in one turn of the event loop goes together.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    for (;;) {
      while (this.#held !== undefined) {
        // Who waits for what has landed does not wait for that too.
        this.#tell();
        await this.#held;
      }
      if (this.#full.length === 0 && this.#open.rows.length > 0) this.#close();
      const batch = this.#full.shift();
      if (batch === undefined) break;
      this.#flying = batch;
      // Whoever waits for the batch before decides on thousands more when told: the file is written meanwhile, not after.
      this.#commit = this.#parts.environment().commit(batch.rows, () => setImmediate(() => this.#tell()));
      try {
        await this.#commit;
        this.#tell();
        for (const row of batch.rows) if (this.#overlay.get(row.text) === row) this.#overlay.delete(row.text);
        this.#landed = batch;
      } catch (error) {
        this.#tell();
        this.#failed(batch, error);
      }
      this.#flying = undefined;
    }
    this.#running = undefined;
    this.#tell();
  }

  /** Tells those who wait for the batch that landed last. */
  #tell(): void {
    const batch = this.#landed;
    if (batch === undefined) return;
    this.#landed = undefined;
    batch.resolve();
    for (const callback of batch.after) callback();
  }

  #failed(batch: Batch, error: unknown): void {
    const lost = [batch, ...this.#full, this.#open];
    this.#full.length = 0;
    this.#open = new Batch();
    this.#overlay.clear();
    this.#parts.onFailure();
    for (const { reject } of lost) reject(error);
  }
}
