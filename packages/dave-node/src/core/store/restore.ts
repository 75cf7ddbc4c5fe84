import { datDigest, type Dat, type Entry } from '@p2p/dave-wire';
import type { ValueRecord, ValueRecordStore } from '@p2p/record-store';
import type { Clock, Random } from '../../env.ts';
import { NodeError } from '../../errors.ts';
import type { Verifier } from '../../verifier.ts';
import { pause } from '../pause.ts';
import { Backoff } from './backoff.ts';
import { fromRecord, recordKey, type DatName } from './dat-record.ts';
import type { AdmitOutcome, DatStore } from './dat-store.ts';
import { causeOf, isCorrupt } from './record-failures.ts';

/** Records verified at a time: enough for several threads, little beside live traffic. */
const SLICE = 128;
/** While more dats than this wait for verification, those that peers sent come first. */
const BUSY_VERIFICATIONS = 512;
const BUSY_WAIT_MS = 5;

/** What became of the records of an earlier run. */
export interface LoadReport {
  records: number;
  /** Back in memory. */
  admitted: number;
  /** Memory had the same or a newer one by then. */
  superseded: number;
  /** Did not fit, or their signature is used by another; removed, unless others use the record store too. */
  noRoom: number;
  expired: number;
  /** Damaged: their work or signature is wrong; removed, unless others use the record store too. */
  invalid: number;
  /** Not taken, but left where they are: time ahead of our clock, or less work than is asked for now. */
  held: number;
  /** No entries, or filed under another key; left where they are. */
  foreign: number;
}

export interface RestoreModules {
  readonly store: DatStore;
  readonly records: ValueRecordStore;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly random: Random;
  /** The record of this key is to follow memory, which does not hold it. */
  readonly discard: (name: DatName) => void;
  readonly onAdmitted: (dat: Dat, outcome: 'inserted' | 'updated') => void;
  readonly onFailure: (error: NodeError) => void;
}

/** Reads back what an earlier run stored, a slice at a time, while the node serves already. */
export class Restore {
  readonly report: LoadReport = { records: 0, admitted: 0, superseded: 0, noRoom: 0, expired: 0, invalid: 0, held: 0, foreign: 0 };
  /** All records have been looked at. */
  done = false;
  readonly #modules: RestoreModules;
  #abandoned = false;

  constructor(modules: RestoreModules) {
    this.#modules = modules;
  }

  /**
   * Reads everything. When the record store fails it goes on after the last record that was read,
   * until it succeeds or `signal` aborts, with whose reason it then rejects.
   */
  async run(signal: AbortSignal): Promise<LoadReport> {
    const backoff = new Backoff(() => this.#modules.random.float());
    let after: Uint8Array | undefined;
    for (;;) {
      try {
        await this.#readFrom(after, signal, (key) => {
          after = key;
          backoff.succeeded();
        });
        this.done = true;
        return this.report;
      } catch (error) {
        signal.throwIfAborted();
        if (isClosed(error)) throw error;
        this.#modules.onFailure(new NodeError('NODE_RECORDS_FAILED', `reading the records of the last run failed: it is tried again, check the record store. ${causeOf(error)}`, { cause: error }));
        await pause(this.#modules.clock, backoff.nextMs(), signal);
      }
    }
  }

  /**
   * Before a batch is written: where the record store holds something newer that has not been read
   * yet, that comes into memory first. Otherwise a peer's old copy could overwrite it. After
   * `abandon` it stays where it is: returns the places in `names` of those that must not be written.
   */
  async reconcile(names: readonly DatName[], signal: AbortSignal): Promise<ReadonlySet<number>> {
    const untouched = new Set<number>();
    if (this.done) return untouched;
    const { store, clock } = this.#modules;
    const held = await Promise.all(names.map((name) => this.#read(name, signal)));
    const newer: Entry[] = [];
    const abandoned = this.#abandoned;
    for (const [at, record] of held.entries()) {
      const entry = record === undefined ? undefined : fromRecord(record);
      if (entry === undefined) continue;
      const { publicKey, key } = names[at]!;
      const ours = store.get(publicKey, key, clock.now());
      if (ours !== undefined && !isNewer(entry.dat, ours.dat)) continue;
      if (abandoned) untouched.add(at);
      else newer.push(entry);
    }
    await Promise.all(newer.map((entry) => this.#take(entry)));
    return untouched;
  }

  /** Reads one record before its turn: the entry that memory holds of this key then, or has no room for, if any. Rejects when the record store fails. */
  async recall(name: DatName, signal: AbortSignal): Promise<Entry | undefined> {
    const { store, clock, verifier } = this.#modules;
    const record = await this.#read(name, signal);
    const entry = record === undefined ? undefined : fromRecord(record);
    const outcome = entry === undefined ? undefined : await this.#take(entry);
    const held = store.get(name.publicKey, name.key, clock.now());
    if (held !== undefined || entry === undefined || outcome !== 'no-room') return held;
    return (await verifier.verify(entry.dat)).valid ? entry : undefined;
  }

  /** The record of this key; one that is damaged counts as none, and does not hold up others. */
  async #read(name: DatName, signal: AbortSignal): Promise<ValueRecord | undefined> {
    const { records, onFailure } = this.#modules;
    try {
      return await records.get(recordKey(name), { signal });
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      onFailure(new NodeError('NODE_RECORDS_FAILED', `the stored record of "${name.key}" is damaged and counts as none: ${causeOf(error)}`, { cause: error }));
      return undefined;
    }
  }

  /** The node closes: nothing can be verified any more. */
  abandon(): void {
    this.#abandoned = true;
  }

  async #readFrom(after: Uint8Array | undefined, signal: AbortSignal, onRead: (lastKey: Uint8Array) => void): Promise<void> {
    const { records } = this.#modules;
    let slice: ValueRecord[] = [];
    const finish = async (): Promise<void> => {
      await Promise.all(slice.map((record) => this.#judge(record)));
      const last = slice.at(-1);
      if (last !== undefined) onRead(Uint8Array.from(last.key));
      slice = [];
      await this.#yield(signal);
    };
    for await (const record of records.records({ signal, ...(after === undefined ? {} : { after }) })) {
      signal.throwIfAborted();
      slice.push(record);
      if (slice.length >= SLICE) await finish();
    }
    await finish();
  }

  async #judge(record: ValueRecord): Promise<void> {
    const { report } = this;
    const entry = fromRecord(record);
    const verdict = entry === undefined ? 'foreign' : await this.#take(entry);
    report.records++;
    if (verdict === 'inserted' || verdict === 'updated') report.admitted++;
    else if (verdict === 'duplicate' || verdict === 'older') report.superseded++;
    else if (verdict === 'no-room' || verdict === 'signature-reused') report.noRoom++;
    else report[verdict]++;
  }

  /** Verifies and admits. What can never be served again is discarded. */
  async #take(entry: Entry): Promise<AdmitOutcome['outcome'] | 'invalid' | 'held'> {
    const { store, verifier, clock, discard, onAdmitted } = this.#modules;
    const { dat } = entry;
    const refusal = store.preview(dat, clock.now())?.outcome;
    if (refusal === undefined) {
      const verdict = await verifier.verify(dat);
      if (!verdict.valid && (verdict.reason === 'future' || verdict.reason === 'work-too-low')) return 'held';
      if (!verdict.valid) {
        discard(dat);
        return 'invalid';
      }
    }
    const outcome = refusal ?? store.admit(entry, clock.now()).outcome;
    if (outcome === 'inserted' || outcome === 'updated') onAdmitted(dat, outcome);
    else if (outcome !== 'duplicate' && outcome !== 'older') discard(dat);
    return outcome;
  }

  /** Lets others run, and those who wait for verification go first. */
  async #yield(signal: AbortSignal): Promise<void> {
    const { clock, verifier } = this.#modules;
    await pause(clock, 0, signal);
    while (verifier.pending > BUSY_VERIFICATIONS) await pause(clock, BUSY_WAIT_MS, signal);
  }
}

function isNewer(dat: Dat, than: Dat): boolean {
  if (dat.time !== than.time) return dat.time > than.time;
  const one = datDigest(dat);
  const other = datDigest(than);
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at >= 0 && one[at]! > other[at]!;
}

function isClosed(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'NODE_CLOSED';
}
