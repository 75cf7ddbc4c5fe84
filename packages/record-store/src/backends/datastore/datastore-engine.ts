import { TRACE } from '@p2p/trace';
import { admitProvider, admitValue, type Admission } from '../../core/admit.ts';
import { bytesText, copyBytes, equalBytes } from '../../core/bytes.ts';
import type { EngineUsage, ExpiredChunk, RecordEngine, ValueScan } from '../../core/engine.ts';
import type { LedgerEntry, ValueEntry } from '../../core/ledger/entries.ts';
import { selectedKeys, sortedKeys } from '../../core/ledger/sorted-keys.ts';
import { claimed } from '../../core/claimed.ts';
import { decodeProvider, decodeValue } from '../../core/stored-codec.ts';
import type { StoredProvider, StoredValue, ValueCandidate } from '../../core/stored.ts';
import type { StoreCapabilities } from '../../types.ts';
import { intact } from '../intact.ts';
import { pause } from '../system.ts';
import { changesOf } from './changes-of.ts';
import { DamagedRows } from './damaged-rows.ts';
import type { DatastoreEngineParts } from './engine-parts.ts';
import { ownCandidate } from './own-candidate.ts';
import { RecordingLedger } from './recording-ledger.ts';
import { Rows, type RowChange } from './rows.ts';
import { SerialBatches } from './serial-batches.ts';

/** Rows that a scan reads at a time. */
const READ_AHEAD = 64;
const SWEEP_CHUNK = 512;
const NOTHING: Uint8Array = new Uint8Array(0);

/** A write: what it has to know of stored values, and what it does to the ledger. */
type Job = { readonly candidates: readonly ValueCandidate[]; readonly apply: () => void };

/**
 * Rows in a datastore, and what decisions need of them in memory. Writes are decided in memory, one batch
 * at a time, and acknowledged when their batch is committed. When that fails, memory is set right from the
 * rows that are there.
 */
export class DatastoreEngine implements RecordEngine {
  readonly capabilities: StoreCapabilities;
  readonly #parts: DatastoreEngineParts;
  readonly #rows: Rows;
  readonly #ledger: RecordingLedger;
  readonly #damaged: DamagedRows;
  /** Damaged rows that the batch under way deletes. */
  readonly #dropped: RowChange[0][] = [];
  readonly #batches: SerialBatches<Job>;
  /** Entries of a commit that failed: nobody knows which of them were written. */
  #suspects: LedgerEntry[] = [];

  constructor(parts: DatastoreEngineParts) {
    this.#parts = parts;
    this.capabilities = parts.capabilities;
    this.#rows = new Rows(parts.datastore);
    this.#damaged = new DamagedRows(parts.onDamaged);
    if (TRACE) this.#rows.trace = parts.trace;
    this.#ledger = new RecordingLedger({
      caps: parts.caps,
      keyText: bytesText,
      own: copyBytes,
      evicted: (entry, why) => parts.report.evicted(entry.key, entry.kind === 'provider' ? entry.provider : undefined, why),
    });
    this.#batches = new SerialBatches((jobs) => this.#write(jobs));
  }

  /** Reads all rows. */
  async load(now: number): Promise<void> {
    const { keys } = this.#parts;
    for await (const { key: path, value: row } of this.#rows.all(keys.values)) {
      const key = keys.readValue(path.toString());
      if (key !== undefined) this.#damaged.guard(path, key, () => this.#adopt(decodeValue(key, row), now));
    }
    for await (const { key: path, value: row } of this.#rows.all(keys.providers)) {
      const parts = keys.readProvider(path.toString());
      if (parts !== undefined) this.#damaged.guard(path, parts.key, () => this.#adopt(decodeProvider(parts.key, parts.provider, row), now));
    }
    this.#ledger.sortProviders();
  }

  getValue(key: Uint8Array, signal: AbortSignal | undefined): StoredValue | undefined | Promise<StoredValue | undefined> {
    const entry = this.#ledger.storedValue(key);
    if (entry !== undefined) return this.#read(entry, signal);
    this.#damaged.throwIfDamaged(this.#parts.keys.value(key));
    return undefined;
  }

  async putValue(candidate: ValueCandidate, now: number, signal: AbortSignal | undefined): Promise<Admission> {
    return (await this.putValues([candidate], now, signal))[0]!;
  }

  async putValues(candidates: readonly ValueCandidate[], now: number, signal: AbortSignal | undefined): Promise<Admission[]> {
    // The caller has its bytes back as soon as this returns, the batch may come later.
    const owned = candidates.map(ownCandidate);
    return await this.#change(owned, signal, () => {
      const admissions = owned.map((candidate) => admitValue(this.#ledger, candidate, now));
      this.#parts.report.grew(this.#ledger.usage.remote);
      return admissions;
    });
  }

  async removeValue(key: Uint8Array, accept: (stored: StoredValue | undefined) => boolean, signal: AbortSignal | undefined): Promise<boolean> {
    const owned = copyBytes(key);
    return await this.#change([], signal, () => {
      const entry = this.#ledger.storedValue(owned);
      if (entry === undefined) return accept(undefined) && this.#drop(this.#parts.keys.value(owned));
      if (!accept(entry)) return false;
      this.#ledger.remove(entry);
      return true;
    });
  }

  async *scanValues({ prefix, after, limit, now, signal }: ValueScan): AsyncIterable<StoredValue> {
    const { values } = this.#ledger;
    let ahead: string[] = [];
    const read = async (): Promise<(StoredValue | undefined)[]> => {
      const entries = ahead.map((text) => values.get(text));
      ahead = [];
      return await Promise.all(entries.map(async (entry) => (entry === undefined ? undefined : await this.#readAmongOthers(entry, signal))));
    };
    for await (const text of sortedKeys(selectedKeys(values, prefix, after, now), limit, pause)) {
      ahead.push(text);
      if (ahead.length < Math.min(READ_AHEAD, limit)) continue;
      for (const stored of await read()) if (stored !== undefined) yield stored;
    }
    for (const stored of await read()) if (stored !== undefined) yield stored;
  }

  async addProvider(candidate: StoredProvider, now: number, signal: AbortSignal | undefined): Promise<Admission> {
    const owned = { ...candidate, key: copyBytes(candidate.key), provider: copyBytes(candidate.provider), addresses: [...candidate.addresses] };
    return await this.#change([], signal, () => {
      const admission = admitProvider(this.#ledger, owned, this.#parts.choose, now);
      this.#parts.report.grew(this.#ledger.usage.remote);
      return admission;
    });
  }

  async removeProvider(key: Uint8Array, provider: Uint8Array, accept: (stored: StoredProvider | undefined) => boolean, signal: AbortSignal | undefined): Promise<boolean> {
    const [ownedKey, ownedProvider] = [copyBytes(key), copyBytes(provider)];
    return await this.#change([], signal, () => {
      const entry = this.#ledger.provider(ownedKey, ownedProvider);
      if (entry === undefined) return accept(undefined) && this.#drop(this.#parts.keys.provider(ownedKey, ownedProvider));
      if (!accept(entry)) return false;
      this.#ledger.remove(entry);
      return true;
    });
  }

  providersOf(key: Uint8Array): readonly StoredProvider[] {
    return this.#ledger.providersOf(key);
  }

  async *scanProvided(): AsyncIterable<StoredProvider> {
    for (const entry of this.#ledger.provided) yield entry;
  }

  async expire(now: number, limit: number, signal: AbortSignal | undefined): Promise<ExpiredChunk> {
    return await this.#change([], signal, () => {
      const chunk: ExpiredChunk = { records: 0, providers: 0, bytes: 0, more: true };
      for (let left = Math.min(limit, SWEEP_CHUNK); ; left--) {
        const entry = this.#ledger.firstExpired(now);
        if (entry === undefined) return { ...chunk, more: false };
        if (left <= 0) return chunk;
        this.#ledger.remove(entry);
        chunk[entry.kind === 'value' ? 'records' : 'providers'] += 1;
        chunk.bytes += entry.bytes;
      }
    });
  }

  usage(): EngineUsage {
    const { local, remote, origins } = this.#ledger.usage;
    return { local, remote, origins };
  }

  async close(): Promise<void> {
    await this.#batches.idle();
    this.#ledger.clear();
  }

  async #change<T>(candidates: readonly ValueCandidate[], signal: AbortSignal | undefined, apply: () => T): Promise<T> {
    let result: { value: T } | { error: unknown } | undefined;
    await this.#batches.add({
      candidates,
      apply: () => {
        try {
          signal?.throwIfAborted();
          result = { value: apply() };
        } catch (error) {
          // Of this one alone: a policy of the caller's that throws does so before anything is changed.
          result = { error };
        }
      },
    });
    if ('error' in result!) throw result.error;
    return result!.value;
  }

  async #write(jobs: readonly Job[]): Promise<void> {
    await this.#settleSuspects();
    const loaded = await this.#loadValues(jobs);
    for (const { apply } of jobs) apply();
    const touched = this.#ledger.takeTouched();
    try {
      const changes = changesOf(this.#ledger, touched, this.#dropped.splice(0), (entry) => this.#path(entry));
      if (changes.length > 0) await this.#rows.commit(changes);
      for (const [path] of changes) this.#damaged.forget(path);
    } catch (error) {
      this.#suspects = touched;
      // At once, so that nobody reads what was not written. If that cannot be done now, the next write does it.
      await this.#settleSuspects().catch(() => {});
      throw error;
    } finally {
      // Values are read back when somebody asks for them.
      for (const entry of [...loaded, ...touched]) if (entry.kind === 'value') this.#ledger.lend(entry, NOTHING);
    }
  }

  /** Brings the values into memory that a batch's selections may have to compare. */
  async #loadValues(jobs: readonly Job[]): Promise<ValueEntry[]> {
    const wanted = new Set<ValueEntry>();
    for (const { candidates } of jobs) {
      for (const { key, rank } of candidates) {
        const entry = this.#ledger.storedValue(key);
        // Where ranks differ, they decide alone.
        if (entry !== undefined && !(rank !== undefined && entry.rank !== undefined && !equalBytes(rank, entry.rank))) wanted.add(entry);
      }
    }
    await Promise.all(
      [...wanted].map(async (entry) => {
        const path = this.#parts.keys.value(entry.key);
        const row = await this.#rows.get(path);
        // Somebody else deleted or damaged the row: then nothing is stored.
        const value = row === undefined ? undefined : this.#damaged.guard(path, entry.key, () => decodeValue(entry.key, row).value);
        if (value === undefined) this.#ledger.disown(entry);
        else this.#ledger.lend(entry, value);
      }),
    );
    return [...wanted];
  }

  async #read(entry: ValueEntry, signal: AbortSignal | undefined): Promise<StoredValue | undefined> {
    const row = await this.#rows.get(this.#parts.keys.value(entry.key), signal);
    return row === undefined ? undefined : asHeld(entry, row);
  }

  /** One damaged record must not end a scan over all others. */
  async #readAmongOthers(entry: ValueEntry, signal: AbortSignal | undefined): Promise<StoredValue | undefined> {
    const row = await this.#rows.get(this.#parts.keys.value(entry.key), signal);
    return row === undefined ? undefined : intact(() => asHeld(entry, row), (error) => this.#parts.onDamaged(error, entry.key));
  }

  #adopt(stored: StoredValue | StoredProvider, now: number): void {
    const own = claimed(stored, { localId: this.#parts.localId, maxTtlMs: this.#parts.maxTtlMs, now });
    if (own !== undefined) this.#ledger.adopt(own);
  }

  /** Deletes a row that is damaged; false when it is not. */
  #drop(path: RowChange[0]): boolean {
    if (!this.#damaged.has(path)) return false;
    this.#dropped.push(path);
    return true;
  }

  /** After a failed commit: memory follows what the rows say. */
  async #settleSuspects(): Promise<void> {
    for (const suspect of this.#suspects) {
      const path = this.#path(suspect);
      const row = await this.#rows.get(path);
      const held = suspect.kind === 'value' ? this.#ledger.storedValue(suspect.key) : this.#ledger.provider(suspect.key, suspect.provider);
      if (held !== undefined) this.#ledger.disown(held);
      if (row === undefined) continue;
      this.#damaged.guard(path, suspect.key, () => this.#adopt(suspect.kind === 'value' ? decodeValue(suspect.key, row) : decodeProvider(suspect.key, suspect.provider, row), suspect.storedAt));
    }
    if (this.#suspects.length > 0) this.#ledger.sortProviders();
    this.#suspects = [];
  }

  #path(entry: LedgerEntry): RowChange[0] {
    const { keys } = this.#parts;
    return entry.kind === 'value' ? keys.value(entry.key) : keys.provider(entry.key, entry.provider);
  }
}

/** Whose a record is now, and how long it lives, was found out at opening, and is so in memory alone. */
function asHeld({ key, storedAt, local, expires }: ValueEntry, row: Uint8Array): StoredValue {
  const stored = decodeValue(key, row);
  return stored.storedAt === storedAt ? { ...stored, local, expires } : stored;
}
