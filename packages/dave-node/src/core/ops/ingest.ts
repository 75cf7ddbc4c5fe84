import { leadingZeroBits, MAX_KEY_AND_VALUE_BYTES, MAX_KEY_BYTES, type Dat, type Entry, type PutAckCode } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import type { StoredSource } from '../../events.ts';
import { count } from '../counters.ts';
import { waitAtMost } from './bounded-wait.ts';
import { detachEntry, utf8Length } from './dat-bytes.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import { PersistGuard } from './persist-guard.ts';

export type IngestReason =
  | 'stored'
  | 'duplicate'
  | 'older'
  | 'no-room'
  | 'expired'
  | 'future'
  | 'too-large'
  | 'weak-work'
  | 'invalid'
  | 'signature-reused'
  | 'overloaded'
  | 'not-durable';

/** What became of an entry: the code that answers its PUT, and why. */
export interface IngestResult {
  readonly code: PutAckCode;
  readonly reason: IngestReason;
  /** No correct and honest node sends such a dat. */
  readonly offence: boolean;
}

const CODES: Readonly<Record<IngestReason, PutAckCode>> = {
  stored: 0,
  duplicate: 1,
  older: 2,
  'no-room': 3,
  // Its priority is 0, there is never room for it.
  expired: 3,
  future: 4,
  'too-large': 4,
  'weak-work': 4,
  invalid: 4,
  'signature-reused': 4,
  overloaded: 5,
  'not-durable': 5,
};
const OFFENCES: ReadonlySet<IngestReason> = new Set<IngestReason>(['too-large', 'weak-work', 'invalid']);

const RESULTS = Object.fromEntries(
  (Object.keys(CODES) as IngestReason[]).map((reason) => [
    reason,
    Object.freeze({ code: CODES[reason], reason, offence: OFFENCES.has(reason) }),
  ]),
) as Record<IngestReason, IngestResult>;

/** Whether the store has the entry, or a newer one. */
export function isKept({ code }: IngestResult): boolean {
  return code <= 2;
}

type IngestModules = Pick<OperationsModules, 'clock' | 'store' | 'verifier' | 'persist' | 'emitter' | 'counters' | 'logger' | 'trace'>;
type IngestOptions = Pick<OperationsOptions, 'minWork' | 'skewMs' | 'ttlMs' | 'maxPendingVerifications' | 'putTimeoutMs' | 'mode'>;

/** An entry that was offered to the store: what became of it there, and what its sender is told once that is durable. */
export interface Admission {
  readonly reason: IngestReason;
  /** Never rejects. */
  readonly settled: Promise<IngestResult>;
}

/** The way of every dat into the store: cheap checks, signature, admission, durability. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #modules: IngestModules;
  readonly #guard: PersistGuard | undefined;
  /** Dats that wait until they are durable. */
  #waiting = 0;

  constructor(options: IngestOptions, modules: IngestModules) {
    this.#options = options;
    this.#modules = modules;
    this.#guard = modules.persist === undefined ? undefined : new PersistGuard(modules.persist);
  }

  /** How full the queue for verification is, 1 at its bound. Over TCP, reading stops there. */
  get pressure(): number {
    return this.#modules.verifier.pending / this.#options.maxPendingVerifications;
  }

  /**
   * Takes an entry that was received. What is kept of it is copied before the call returns. Never
   * rejects, except when the verifier was closed. With `shed`, an entry that would have to wait in a
   * long queue for verification is refused as `overloaded` instead.
   */
  async receive(entry: Entry, source: StoredSource, options: { shed: boolean }): Promise<IngestResult> {
    // A client holds what it has written, and nothing for others.
    if (this.#options.mode === 'client') return this.#counted('no-room');
    // A record store that is slow, or stuck, must not pile up datagrams; connections are bounded by themselves.
    if (options.shed && this.#waiting >= this.#options.maxPendingVerifications) return this.#counted('overloaded');
    const refusal = this.#refuseCheaply(entry.dat);
    if (refusal !== undefined) return await this.#settled(refusal, entry.dat);
    // Datagrams get half of the queue: a flood of them must not starve connections.
    if (options.shed && this.pressure >= 0.5) return this.#counted('overloaded');
    const own = detachEntry(entry);
    if (TRACE) this.#modules.trace?.inherit(own, entry);
    if (TRACE) this.#modules.trace?.start(own.dat, own, 'verify');
    const verifying = this.#modules.verifier.verify(own.dat);
    if (TRACE) this.#modules.trace?.finishWith(own.dat, 'verify', verifying, ({ valid }) => valid);
    const verdict = await verifying;
    if (!verdict.valid) return this.#counted(verdict.reason === 'future' ? 'future' : 'invalid');
    return await this.admitVerified(own, source);
  }

  /** The checks that need no signature; undefined when the dat passes them all. */
  precheck(dat: Dat): IngestReason | undefined {
    const { minWork, skewMs, ttlMs } = this.#options;
    const nowMs = this.#modules.clock.now();
    if (!dat.key.isWellFormed()) return 'invalid';
    const keyBytes = utf8Length(dat.key);
    if (keyBytes > MAX_KEY_BYTES || keyBytes + dat.value.length > MAX_KEY_AND_VALUE_BYTES) return 'too-large';
    if (dat.time > nowMs + skewMs) return 'future';
    if (dat.time + ttlMs <= nowMs) return 'expired';
    if (leadingZeroBits(dat.work) < minWork) return 'weak-work';
    return undefined;
  }

  /** Admits an entry whose signature was checked, and waits until it is durable. The entry belongs to the node from here on. */
  async admitVerified(entry: Entry, source: StoredSource): Promise<IngestResult> {
    return await this.admit(entry, source).settled;
  }

  /**
   * The same for those who do not wait for durability: the entry is in memory when this returns. An
   * abort of `signal` ends the wait as `not-durable`, as the time for a put does.
   */
  admit(entry: Entry, source: StoredSource, signal?: AbortSignal): Admission {
    const { store, clock, emitter } = this.#modules;
    const { outcome } = store.admit(entry, clock.now());
    if (outcome !== 'inserted' && outcome !== 'updated') return { reason: outcome, settled: this.#settled(outcome, entry.dat, signal) };
    emitter.emit('stored', { dat: entry.dat, outcome, source });
    if (TRACE && this.#guard !== undefined) this.#modules.trace?.start(entry.dat, entry, 'persist');
    const persisting = this.#guard?.persist(entry);
    if (TRACE && persisting !== undefined) this.#modules.trace?.finishWith(entry.dat, 'persist', persisting);
    return { reason: 'stored', settled: this.#durable('stored', persisting, signal) };
  }

  #refuseCheaply(dat: Dat): IngestReason | undefined {
    const refusal = this.precheck(dat);
    if (refusal !== undefined) return refusal;
    const { store, clock } = this.#modules;
    return store.preview(dat, clock.now())?.outcome;
  }

  /** "Already stored" is said only of what is durable, so it may have to wait for that. */
  #settled(reason: IngestReason, dat: Dat, signal?: AbortSignal): Promise<IngestResult> {
    if (reason !== 'duplicate' || this.#guard === undefined) return Promise.resolve(this.#counted(reason));
    const { store, clock } = this.#modules;
    return this.#durable('duplicate', this.#guard.settled(dat, () => store.get(dat.publicKey, dat.key, clock.now())), signal);
  }

  async #durable(reason: IngestReason, work: Promise<void> | undefined, signal?: AbortSignal): Promise<IngestResult> {
    if (work === undefined) return this.#counted(reason);
    this.#waiting += 1;
    try {
      const outcome = await waitAtMost(this.#modules.clock, work, this.#options.putTimeoutMs, signal);
      return this.#counted(outcome === 'done' ? reason : 'not-durable');
    } catch (error) {
      // Evicted before it was durable: there was no room for it after all.
      if ((error as { code?: unknown }).code === 'NODE_NO_ROOM') return this.#counted('no-room');
      this.#modules.logger.warn('an entry is not durable yet', { reason: (error as Error).message });
      return this.#counted('not-durable');
    } finally {
      this.#waiting -= 1;
    }
  }

  #counted(reason: IngestReason): IngestResult {
    count(this.#modules.counters.puts, reason);
    return RESULTS[reason];
  }
}
