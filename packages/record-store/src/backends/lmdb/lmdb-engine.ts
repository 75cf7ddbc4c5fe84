import { admitProvider, admitValue, type Admission, type Chooser } from '../../core/admit.ts';
import { bytesText, copyBytes, equalBytes } from '../../core/bytes.ts';
import type { EngineReport, EngineUsage, ExpiredChunk, RecordEngine, Soon, ValueScan } from '../../core/engine.ts';
import type { StoredProvider, StoredValue, ValueCandidate } from '../../core/stored.ts';
import type { RecordStoreError } from '../../errors.ts';
import type { Caps } from '../../limits.ts';
import type { StoreCapabilities } from '../../types.ts';
import { intact } from '../intact.ts';
import { pause } from '../system.ts';
import type { Compacted, LmdbEnvironment } from './environment.ts';
import { LmdbState } from './lmdb-state.ts';
import { Recounts } from './recounts.ts';
import { RowReader, type RowOwner } from './row-reader.ts';
import { following, ROW, rowKey, type FiledProvider } from './rows.ts';
import { usageRows } from './usage-rows.ts';
import { WriteQueue } from './write-queue.ts';

/** A chunk of a sweep, or of many puts, ends after this long. */
const SLICE_MS = 4;
/** Rows that a scan reads at a time. */
const SCAN_ROWS = 256;
const CLASSES = [0, 2, 1, 3] as const;

export interface LmdbEngineParts {
  readonly caps: Caps;
  readonly owner: RowOwner;
  readonly environment: LmdbEnvironment;
  readonly report: EngineReport;
  readonly choose: Chooser;
  /** Told of every damaged row that is met. */
  readonly onDamaged: (error: RecordStoreError, key: Uint8Array) => void;
  /** Settles when nobody is at work on the whole file: it is not closed before. */
  readonly tasks: () => Promise<unknown>;
}

/**
 * Records in an LMDB file. Decisions are made in memory, one after another, over the file and what is
 * on its way there; an answer is given when what was decided is on the disk.
 */
export class LmdbEngine implements RecordEngine {
  readonly capabilities: StoreCapabilities = { durable: 'power-loss', atomic: true, shared: false };
  readonly #parts: LmdbEngineParts;
  readonly #queue: WriteQueue;
  readonly #state: LmdbState;
  readonly #recounts: Recounts;
  /** False: the file did not say what it holds, see `counted`. */
  readonly isCounted: boolean;
  readonly #reader: RowReader;
  /** Where the last get looked: keys mostly are of one length, and memory of its own costs a twelfth of a get. */
  #valueAt: Uint8Array = rowKey(ROW.value, new Uint8Array(0));
  #environment: LmdbEnvironment;
  /** After a failed commit the file could not be read either. */
  #broken: unknown;

  constructor(parts: LmdbEngineParts) {
    this.#parts = parts;
    this.#environment = parts.environment;
    this.#reader = new RowReader(parts.owner);
    const environment = (): LmdbEnvironment => this.#environment;
    this.#queue = new WriteQueue({
      environment,
      onFailure: () => {
        try {
          this.#state.usage.load(usageRows(this.#environment));
          this.#broken = undefined;
        } catch (error) {
          this.#broken = error;
        }
      },
      closing: () => [...this.#state.usage.rows()].map(([key, value]) => ({ key, value })),
    });
    this.#state = new LmdbState({
      caps: parts.caps,
      environment,
      queue: this.#queue,
      reader: this.#reader,
      evicted: (key, provider, why) => this.#queue.afterwards(() => parts.report.evicted(key, provider, why)),
      damaged: parts.onDamaged,
      discarded: () => this.#recounts.demand(),
    });
    const { usage } = this.#state;
    this.#recounts = new Recounts({ environment, queue: this.#queue, usage });
    this.isCounted = usage.load(usageRows(this.#environment));
    if (this.isCounted) this.#recounts.resume();
    else this.#recounts.demand();
  }

  /** Counts everything anew. As of `counted`. */
  async recount(): Promise<void> {
    this.#begin();
    this.#recounts.demand();
    await this.counted();
  }

  /** Resolves when counts are what is there. Rejects with RecordStoreError when they could not be made so for now. */
  counted(): Promise<void> {
    return this.#recounts.settled();
  }

  getValue(key: Uint8Array): StoredValue | undefined {
    if (this.#valueAt.length !== 1 + key.length) this.#valueAt = rowKey(ROW.value, key);
    else this.#valueAt.set(key, 1);
    const at = this.#valueAt;
    const row = this.#environment.get(at);
    return row === undefined ? undefined : this.#reader.value(copyBytes(key), at, row);
  }

  putValue(candidate: ValueCandidate, now: number): Soon<Admission> {
    this.#begin();
    return this.#durable(admitValue(this.#state, candidate, now));
  }

  async putValues(candidates: readonly ValueCandidate[], now: number, signal: AbortSignal | undefined): Promise<Admission[]> {
    const admissions: Soon<Admission>[] = [];
    let failed = false;
    // Awaited below with all others. What fails during a pause, before that, must not count as nobody's.
    const onFailure = (): void => void (failed = true);
    let until = performance.now() + SLICE_MS;
    for (const candidate of candidates) {
      this.#begin();
      const admission = this.#durable(admitValue(this.#state, candidate, now));
      if (typeof admission !== 'string') admission.catch(onFailure);
      admissions.push(admission);
      if (performance.now() < until) continue;
      await pause();
      if (failed) break;
      signal?.throwIfAborted();
      until = performance.now() + SLICE_MS;
    }
    // All of a batch share its promise: waiting for each costs no more. Whoever is told of a failure finds nothing under way.
    const settled = await Promise.allSettled(admissions.map(async (admission) => await admission));
    return settled.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  async removeValue(key: Uint8Array, accept: (stored: StoredValue | undefined) => boolean): Promise<boolean> {
    this.#begin();
    const own = copyBytes(key);
    const stored = this.#state.lookUpValue(own);
    if (stored === undefined || !accept(stored === 'damaged' ? undefined : stored)) return false;
    if (stored === 'damaged') this.#state.discardValue(own);
    else this.#state.removeValue(stored);
    await this.#queue.settled();
    return true;
  }

  async *scanValues({ prefix, after, limit, now, signal }: ValueScan): AsyncIterable<StoredValue> {
    let start = rowKey(ROW.value, prefix ?? new Uint8Array(0));
    const end = successor(start);
    if (after !== undefined) {
      const next = following(rowKey(ROW.value, after));
      if (bytesText(next) > bytesText(start)) start = next;
    }
    for (;;) {
      signal?.throwIfAborted();
      const rows = this.#environment.range({ start, end, limit: Math.min(SCAN_ROWS, Math.max(limit, 16)) });
      for (const { key, value } of rows) {
        const at = new Uint8Array(key);
        const own = at.subarray(1);
        const stored = this.#unlessDamaged(own, () => this.#reader.value(own, at, value));
        if (stored !== undefined && stored.expires > now) yield stored;
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      start = following(last.key);
      await pause();
    }
  }

  async addProvider(candidate: StoredProvider, now: number): Promise<Admission> {
    this.#begin();
    const own: StoredProvider = { ...candidate, key: copyBytes(candidate.key), provider: copyBytes(candidate.provider), addresses: [...candidate.addresses] };
    return await this.#durable(admitProvider(this.#state, own, this.#parts.choose, now));
  }

  async removeProvider(key: Uint8Array, provider: Uint8Array, accept: (stored: StoredProvider | undefined) => boolean): Promise<boolean> {
    this.#begin();
    const own = copyBytes(key);
    const all = this.#state.lookUpProviders(own);
    if (all === 'damaged') {
      // All of the key are in one row: none of them can be read.
      if (!accept(undefined)) return false;
      this.#state.discardProviders(own);
    } else {
      const stored = all.find((known) => equalBytes(known.provider, provider));
      if (stored === undefined || !accept(stored)) return false;
      this.#state.removeProvider(stored);
    }
    await this.#queue.settled();
    return true;
  }

  providersOf(key: Uint8Array): readonly StoredProvider[] {
    return this.#committedProviders(copyBytes(key));
  }

  async *scanProvided(signal: AbortSignal | undefined): AsyncIterable<StoredProvider> {
    let start: Uint8Array = Uint8Array.of(ROW.provided);
    const end = successor(start);
    for (;;) {
      signal?.throwIfAborted();
      const rows = this.#environment.range({ start, end, limit: SCAN_ROWS });
      for (const { key } of rows) {
        const own = new Uint8Array(key.subarray(1));
        const local = this.#unlessDamaged(own, () => this.#committedProviders(own))?.find((known) => known.local);
        if (local !== undefined) yield local;
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      start = following(last.key);
      await pause();
    }
  }

  async expire(now: number, limit: number): Promise<ExpiredChunk> {
    const chunk: ExpiredChunk = { records: 0, providers: 0, bytes: 0, more: false };
    const until = performance.now() + SLICE_MS;
    this.#begin();
    let removed = 0;
    for (const entryClass of CLASSES) {
      for (const expired of this.#state.expired(entryClass, now)) {
        if (removed >= limit || (removed % 32 === 31 && performance.now() > until)) {
          chunk.more = true;
          break;
        }
        this.#state.removeExpired(expired);
        chunk[expired.kind === 'value' ? 'records' : 'providers'] += 1;
        chunk.bytes += expired.entry.bytes;
        removed += 1;
      }
      if (chunk.more) break;
    }
    await this.#queue.settled();
    return chunk;
  }

  /** Puts a compacted copy in the place of the file, between two commits. Resolves with the file's bytes before and after. */
  compact(): Promise<{ bytesBefore: number; bytesAfter: number }> {
    const replace = async (): Promise<Compacted> => {
      const old = this.#environment;
      const replaced = await old.compacted();
      this.#environment = replaced.environment;
      await old.close();
      return replaced;
    };
    return this.#recounts.without(() => this.#queue.between(replace));
  }

  async usage(): Promise<EngineUsage> {
    await this.counted();
    const { local, remote, origins } = this.#state.usage;
    return { local, remote, origins };
  }

  get environment(): LmdbEnvironment {
    return this.#environment;
  }

  async close(): Promise<void> {
    await this.#parts.tasks();
    await this.#recounts.end();
    await this.#queue.idle();
    await this.#environment.close();
  }

  #begin(): void {
    if (this.#broken !== undefined) throw this.#broken;
    this.#queue.begin();
  }

  /** What was admitted, once it is on the disk; a refusal at once. */
  #durable(admission: Admission): Soon<Admission> {
    if (admission !== 'inserted' && admission !== 'updated' && admission !== 'refreshed') return admission;
    return this.#queue.settled().then(() => {
      if (admission !== 'refreshed') this.#parts.report.grew(this.#state.usage.remote);
      return admission;
    });
  }

  #committedProviders(key: Uint8Array): FiledProvider[] {
    const at = rowKey(ROW.providers, key);
    const row = this.#environment.get(at);
    return row === undefined ? [] : this.#reader.providers(key, at, row);
  }

  /** One damaged row must not end a scan over all others. */
  #unlessDamaged<T>(key: Uint8Array, read: () => T): T | undefined {
    return intact(read, (error) => this.#parts.onDamaged(error, key));
  }
}

/** The least bytes that are greater than all that start with `prefix`, whose first byte is small. */
function successor(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length -= 1;
  const bytes = prefix.slice(0, length);
  bytes[length - 1]! += 1;
  return bytes;
}
