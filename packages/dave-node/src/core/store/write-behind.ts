import { decodeEntry, type Dat } from '@p2p/dave-wire';
import type { PutResult, ValueRecord, ValueRecordStore } from '@p2p/record-store';
import type { Clock, Random, Timer } from '../../env.ts';
import { NodeError } from '../../errors.ts';
import { Backoff } from './backoff.ts';
import { nameText, recordKey, toRecord, type DatName } from './dat-record.ts';
import type { DatStore } from './dat-store.ts';
import { causeOf, isCorrupt } from './record-failures.ts';

/** Keys written at a time; embedded stores are at their best with thousands in flight. */
const BATCH_KEYS = 4096;
/** Short enough for a single writer, long enough for a burst to become one batch. */
const LINGER_MS = 1;

interface Waiter {
  readonly time: number;
  resolve(): void;
  reject(error: NodeError): void;
}

/** A key whose record may differ from what is in memory. */
interface DirtyKey {
  readonly name: DatName;
  waiters: Waiter[];
}

export interface WriteBehindOptions {
  ttlMs: number;
  /** Keys that may wait before callers should hold back, and removals are given up. */
  maxPending: number;
}

export interface WriteBehindModules {
  readonly store: DatStore;
  readonly records: ValueRecordStore;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Called with the keys of a batch before they are written: brings newer records into memory while
   * not all have been read. Resolves with the places of those keys whose records must stay as they are.
   */
  readonly beforeWrite: (names: readonly DatName[], signal: AbortSignal) => Promise<ReadonlySet<number>>;
  readonly onFailure: (error: NodeError) => void;
  /** Somebody who shares the record store has put a newer one of this key. */
  readonly onStale: (name: DatName) => void;
}

/**
 * Brings the record store into line with memory, in batches. What waits are keys only: a batch
 * writes what memory holds when it is its turn, or removes what memory no longer holds, so the
 * newest state wins whatever happened in between. One batch at a time, so writes of a key cannot
 * overtake each other. A failed batch is tried again until it succeeds.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #modules: WriteBehindModules;
  readonly #backoff: Backoff;
  readonly #abort: AbortController = new AbortController();
  #dirty = new Map<string, DirtyKey>();
  /** Who waits, in all. */
  #waiting = 0;
  /** The batch that is being written. */
  #flying: readonly DirtyKey[] = [];
  #timer: Timer | undefined = undefined;
  /** While closing: told after each batch. */
  #onIdle: (() => void) | undefined = undefined;
  #stopped = false;

  constructor(options: WriteBehindOptions, modules: WriteBehindModules) {
    this.#options = options;
    this.#modules = modules;
    this.#backoff = new Backoff(() => modules.random.float());
  }

  /** Keys that are not known to be in line. */
  get pending(): number {
    return this.#dirty.size + this.#flying.length;
  }

  /** This key's record is to follow memory. */
  mark(name: DatName): void {
    this.#dirtyKey(name);
  }

  /**
   * A key left memory. While the record store fails and too much waits already, its removal is given
   * up: the record is left over, and judged again at the next start. From a store that others use too
   * nothing is removed: what has no room here may have been acknowledged there, and expires by itself.
   */
  markRemoved(name: DatName): void {
    if (this.#modules.records.capabilities.shared) return;
    const text = nameText(name);
    if (this.#dirty.size < this.#options.maxPending) {
      this.#dirtyKey(name);
      return;
    }
    for (const waiter of this.#dirty.get(text)?.waiters ?? []) waiter.reject(gone());
    this.#dirty.delete(text);
  }

  /** Resolves when a state of this key at least as new as `dat` is written; rejects when a batch with it failed, and at once (it is written all the same) when too many wait. */
  written(dat: Dat): Promise<void> {
    if (this.#stopped) return Promise.reject(closed());
    const key = this.#dirtyKey(dat);
    if (this.#waiting >= this.#options.maxPending) return Promise.reject(stuck());
    this.#waiting += 1;
    return new Promise<void>((resolve, reject) => {
      key.waiters.push({ time: dat.time, resolve, reject });
    }).finally(() => (this.#waiting -= 1));
  }

  /** Writes what waits, for at most `deadlineMs`. Resolves with how many keys are left; nothing is written afterwards. */
  async close(deadlineMs: number): Promise<number> {
    const idle = new Promise<void>((resolve) => {
      const deadline = this.#modules.clock.setTimer(deadlineMs, resolve);
      this.#onIdle = (): void => {
        if (this.pending > 0) return;
        deadline.cancel();
        resolve();
      };
    });
    this.#onIdle?.();
    this.#cancelTimer();
    this.#schedule(0);
    await idle;
    const left = this.pending;
    this.#stopped = true;
    this.#cancelTimer();
    this.#abort.abort(closed());
    // Also those of a batch that hangs: nobody waits for ever.
    for (const { waiters } of [...this.#flying, ...this.#dirty.values()]) for (const waiter of waiters) waiter.reject(closed());
    this.#dirty.clear();
    return left;
  }

  #dirtyKey(name: DatName): DirtyKey {
    const text = nameText(name);
    let key = this.#dirty.get(text);
    if (key === undefined) {
      key = { name: { publicKey: Uint8Array.from(name.publicKey), key: name.key }, waiters: [] };
      if (!this.#stopped) this.#dirty.set(text, key);
      this.#schedule(LINGER_MS);
    }
    return key;
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#flying.length > 0 || this.#dirty.size === 0 || this.#stopped) return;
    this.#timer = this.#modules.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      void this.#writeBatch();
    });
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #writeBatch(): Promise<void> {
    const batch: DirtyKey[] = [];
    for (const [text, key] of this.#dirty) {
      if (batch.length === BATCH_KEYS) break;
      this.#dirty.delete(text);
      batch.push(key);
    }
    this.#flying = batch;
    let delayMs = 0;
    try {
      const untouched = await this.#modules.beforeWrite(batch.map(({ name }) => name), this.#abort.signal);
      for (const at of untouched) for (const waiter of batch[at]!.waiters) waiter.reject(closed());
      if (await this.#write(batch.filter((_, at) => !untouched.has(at)))) this.#backoff.succeeded();
      else delayMs = this.#backoff.nextMs();
    } catch (error) {
      this.#failed(batch, error);
      delayMs = this.#backoff.nextMs();
    }
    this.#flying = [];
    this.#onIdle?.();
    this.#schedule(delayMs);
  }

  /** False when a part of it failed. */
  async #write(batch: readonly DirtyKey[]): Promise<boolean> {
    const { store, clock, records } = this.#modules;
    const options = { signal: this.#abort.signal };
    const puts: { key: DirtyKey; record: ValueRecord; time: number }[] = [];
    const removals: DirtyKey[] = [];
    for (const key of batch) {
      const encoded = store.getEncoded(key.name.publicKey, key.name.key, clock.now())?.slice();
      if (encoded === undefined) {
        removals.push(key);
        continue;
      }
      const { time } = decodeEntry(encoded).dat;
      puts.push({ key, record: toRecord(key.name, encoded, time + this.#options.ttlMs), time });
    }
    const [put, ...removed] = await Promise.allSettled([
      puts.length === 0 ? [] : records.putMany(puts.map(({ record }) => record), { ...options, copy: false }),
      ...removals.map(({ name }) => this.#remove(name)),
    ]);
    let whole = true;
    if (put.status === 'fulfilled') {
      const results = put.value as PutResult[];
      for (const [at, { key, time }] of puts.entries()) this.#settle(key, time, results[at]);
    } else {
      whole = false;
      this.#failed(puts.map(({ key }) => key), put.reason);
    }
    const failedRemovals = removals.filter((_, at) => removed[at]!.status === 'rejected');
    for (const [at, key] of removals.entries()) if (removed[at]!.status === 'fulfilled') for (const waiter of key.waiters) waiter.reject(gone());
    if (failedRemovals.length > 0) {
      whole = false;
      this.#failed(failedRemovals, removed.find((result) => result.status === 'rejected')!.reason);
    }
    return whole;
  }

  async #remove(name: DatName): Promise<void> {
    const { records } = this.#modules;
    if (records.capabilities.shared) return;
    try {
      await records.remove(recordKey(name), { signal: this.#abort.signal });
    } catch (error) {
      // It is as good as gone: it can never be served.
      if (!isCorrupt(error)) throw error;
    }
  }

  #settle(key: DirtyKey, time: number, result: PutResult | undefined): void {
    // `stale`: somebody who shares the store wrote a newer one, which is as good; `conflict`: it has this
    // very dat with another list of replicas, which is a hint.
    if (result?.outcome === 'rejected' && result.reason === 'stale') this.#modules.onStale(key.name);
    if (result !== undefined && (result.outcome !== 'rejected' || result.reason === 'stale' || result.reason === 'conflict')) {
      for (const waiter of key.waiters) {
        if (waiter.time <= time) waiter.resolve();
        else waiter.reject(gone());
      }
      return;
    }
    const reason = result === undefined ? 'it gave no answer' : result.reason;
    const error = new NodeError('NODE_RECORDS_FAILED', `the record store refused the dat "${key.name.key}": ${reason}. It is served from memory only: raise the store's limits.`);
    this.#modules.onFailure(error);
    for (const waiter of key.waiters) waiter.reject(error);
  }

  /** Rejects who waits and puts the keys back, so that they are tried again. */
  #failed(keys: readonly DirtyKey[], cause: unknown): void {
    const error = new NodeError('NODE_RECORDS_FAILED', `writing ${keys.length} records failed: it is tried again, check the record store. ${causeOf(cause)}`, { cause });
    this.#modules.onFailure(error);
    for (const key of keys) {
      for (const waiter of key.waiters) waiter.reject(error);
      key.waiters = [];
      const text = nameText(key.name);
      if (!this.#stopped && !this.#dirty.has(text)) this.#dirty.set(text, key);
    }
  }
}

function stuck(): NodeError {
  return new NodeError('NODE_RECORDS_FAILED', 'the record store does not keep up, and too many dats wait for it: check it, or send less.');
}

function gone(): NodeError {
  return new NodeError('NODE_NO_ROOM', 'the dat left the store again before it was durable: its priority is too low here.');
}

function closed(): NodeError {
  return new NodeError('NODE_CLOSED', 'the node was closed before the dat was durable.');
}
