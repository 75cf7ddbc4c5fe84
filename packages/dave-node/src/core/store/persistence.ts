import type { Dat, Entry } from '@p2p/dave-wire';
import type { ValueRecordStore } from '@p2p/record-store';
import type { Clock, Logger, Random } from '../../env.ts';
import { NodeError } from '../../errors.ts';
import type { NodeEmitter } from '../../events.ts';
import type { Verifier } from '../../verifier.ts';
import { count, type Counters } from '../counters.ts';
import { waitAtMost } from '../ops/bounded-wait.ts';
import type { DatName } from './dat-record.ts';
import type { DatStore } from './dat-store.ts';
import type { Recalled } from '../ops/modules.ts';
import { NewerElsewhere } from './newer-elsewhere.ts';
import { Restore, type LoadReport } from './restore.ts';
import { WriteBehind } from './write-behind.ts';

const MAX_PENDING = 65_536;
/** Less than a service manager or a program gives a stop as a whole, so that what was lost can still be told. */
const CLOSE_DEADLINE_MS = 8000;
/** Records read before their turn at a time. */
const MAX_RECALLS = 1024;
/** Who asked does not wait much longer than this either. */
const RECALL_MS = 3000;
/** For so long after a failure nothing is looked for that only others may have stored. */
const RECALL_REST_MS = 5000;

export interface PersistenceOptions {
  /** Life of a dat. */
  ttlMs: number;
  /** Keys that may wait to be written before `saturated` says so. Default 65 536. */
  maxPending?: number;
  /** How long `close` keeps trying. Default 8 s. */
  closeDeadlineMs?: number;
}

export interface PersistenceModules {
  readonly records: ValueRecordStore;
  readonly store: DatStore;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly random: Random;
  readonly emitter: NodeEmitter;
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * Makes the store's entries durable through a record store, behind the writes: value records under
 * publicKey ‖ key that hold the encoded entry, published by the author, expiring with the dat.
 *
 * The record store follows memory: what was updated is overwritten, what was evicted is removed; not
 * from a store that others use too, where it stays until it expires.
 * Failures are retried, counted, and reported as `error` events with NODE_RECORDS_FAILED.
 */
export class Persistence {
  readonly #modules: PersistenceModules;
  readonly #restore: Restore;
  readonly #writes: WriteBehind;
  readonly #maxPending: number;
  readonly #closeDeadlineMs: number;
  readonly #abortLoad: AbortController = new AbortController();
  readonly #failFast: boolean;
  /** Others write to the record store too. */
  readonly #isShared: boolean;
  /** What others have put newer ones of. */
  readonly #newer: NewerElsewhere;
  /** Monotonic ms: until then the record store is not asked for what only others may have put there. */
  #restsUntilMs = 0;
  #recalls = 0;
  #closing: Promise<void> | undefined = undefined;

  constructor(options: PersistenceOptions, modules: PersistenceModules) {
    const { records, store, verifier, clock, random, emitter, counters } = modules;
    this.#modules = modules;
    this.#maxPending = options.maxPending ?? MAX_PENDING;
    this.#closeDeadlineMs = options.closeDeadlineMs ?? CLOSE_DEADLINE_MS;
    this.#failFast = records.capabilities.durable === 'no';
    this.#isShared = records.capabilities.shared;
    this.#newer = new NewerElsewhere((name) => this.#takeNewer(name), this.#maxPending);
    const onFailure = (error: NodeError): void => {
      count(counters.puts, 'records-failed');
      emitter.emit('error', { error });
    };
    this.#restore = new Restore({
      store,
      records,
      verifier,
      clock,
      random,
      discard: (name) => this.#writes.markRemoved(name),
      onAdmitted: (dat, outcome) => emitter.emit('stored', { dat, outcome, source: 'records' }),
      onFailure,
    });
    this.#writes = new WriteBehind(
      { ttlMs: options.ttlMs, maxPending: this.#maxPending },
      { store, records, clock, random, onFailure, beforeWrite: (names, signal) => this.#restore.reconcile(names, signal), onStale: (name) => this.#newer.add(name) },
    );
  }

  /** Keys whose records do not follow memory yet. */
  get pending(): number {
    return this.#writes.pending;
  }

  /** So much waits to be written that no more should be taken in until some of it is. */
  get saturated(): boolean {
    return this.pending >= this.#maxPending;
  }

  /**
   * Call it for every entry that memory admitted. Resolves when the entry, or a newer one of its
   * key, survives what the record store declares; at once when it declares nothing.
   * @throws NodeError NODE_RECORDS_FAILED when writing failed (it is tried again all the same),
   * NODE_NO_ROOM when the entry was evicted before, NODE_CLOSED.
   */
  async persisted(entry: Entry): Promise<void> {
    const written = this.#writes.written(entry.dat);
    if (!this.#failFast) return await written;
    // Nothing to wait for; a failure has been reported as an event.
    written.catch(() => undefined);
  }

  /** Call it for every entry that memory evicted. */
  evicted(dat: Dat): void {
    this.#writes.markRemoved(dat);
  }

  /**
   * While the records of earlier runs are still being read, and always where others write to the record store too: looks
   * whether there is one of a key that memory does not hold, or a newer one, and brings it there, verified. Undefined when
   * all has been read, which costs nothing. Never rejects: `unknown` when the record store fails or is slow, or too much is asked for.
   */
  recall(name: DatName): Promise<Recalled> | undefined {
    if (this.#closing !== undefined) return undefined;
    if (this.#restore.done && (!this.#isShared || this.#modules.clock.monotonic() < this.#restsUntilMs)) return undefined;
    if (this.#recalls >= MAX_RECALLS) {
      count(this.#modules.counters.gets, 'recall-refused');
      return Promise.resolve('unknown');
    }
    this.#recalls += 1;
    return this.#recall({ publicKey: Uint8Array.from(name.publicKey), key: name.key });
  }

  async #recall(name: DatName): Promise<Recalled> {
    const { clock, counters } = this.#modules;
    const { gets } = counters;
    const { signal } = this.#abortLoad;
    try {
      let entry: Entry | undefined;
      const work = this.#restore.recall(name, signal).then((found) => void (entry = found));
      if ((await waitAtMost(clock, work, RECALL_MS, signal)) === 'unfinished') {
        // The record store may be slow for a moment, or hang: nobody waits for that.
        work.catch(() => undefined);
        return this.#recallFailed();
      }
      count(gets, entry === undefined ? 'recalled-nothing' : 'recalled');
      return entry;
    } catch {
      // `load` and writes meet the same failure, and report it at a bounded pace.
      return this.#recallFailed();
    } finally {
      this.#recalls -= 1;
    }
  }

  async #takeNewer(name: DatName): Promise<void> {
    try {
      await this.#restore.recall(name, this.#abortLoad.signal);
    } catch (error) {
      count(this.#modules.counters.gets, 'recall-failed');
      throw error;
    }
  }

  /** While not all has been read, whoever cannot tell says nothing. Afterwards a record store that fails or hangs must not hold up every get of what is not here. */
  #recallFailed(): 'unknown' {
    this.#restsUntilMs = this.#modules.clock.monotonic() + RECALL_REST_MS;
    count(this.#modules.counters.gets, 'recall-failed');
    return 'unknown';
  }

  /**
   * Reads back the records of earlier runs, verifying each, while everything else goes on. Call it once.
   * @throws NodeError NODE_CLOSED when closed before the end.
   */
  async load(): Promise<LoadReport> {
    const report = await this.#restore.run(this.#abortLoad.signal);
    for (const [outcome, records] of Object.entries(report)) {
      if (outcome !== 'records' && records > 0) count(this.#modules.counters.puts, `records-${outcome}`, records);
    }
    this.#modules.logger.info('read the records of earlier runs', { ...report });
    return report;
  }

  /**
   * Ends loading and writes what waits; the record store stays open, it belongs to the caller.
   * @throws NodeError NODE_RECORDS_FAILED when something could not be written in time.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#restore.abandon();
    this.#abortLoad.abort(new NodeError('NODE_CLOSED', 'the node was closed while it read its records.'));
    const lost = await this.#writes.close(this.#closeDeadlineMs);
    if (lost > 0) throw new NodeError('NODE_RECORDS_FAILED', `${lost} entries could not be written before the node closed: check the record store.`);
  }
}
