import { admitProvider, admitValue, type Admission, type Chooser } from '../../core/admit.ts';
import { bytesText, copyBytes } from '../../core/bytes.ts';
import type { EngineReport, EngineUsage, ExpiredChunk, RecordEngine, ValueScan } from '../../core/engine.ts';
import { Ledger } from '../../core/ledger/ledger.ts';
import { selectedKeys, sortedKeys } from '../../core/ledger/sorted-keys.ts';
import type { StoredProvider, StoredValue, ValueCandidate } from '../../core/stored.ts';
import type { Caps } from '../../limits.ts';
import type { StoreCapabilities } from '../../types.ts';
import { pause } from '../system.ts';

/** A chunk of a sweep ends after this long. */
const SLICE_MS = 2;
/** Entries that a scan hands out between pauses. */
const SCAN_CHUNK = 1024;

/** Everything in a `Map`, lost with the process. Every operation is done when its call returns. */
export class MemoryEngine implements RecordEngine {
  readonly capabilities: StoreCapabilities = { durable: 'no', atomic: true, shared: false };
  readonly #ledger: Ledger;
  readonly #report: EngineReport;
  readonly #choose: Chooser;

  constructor(caps: Caps, report: EngineReport, choose: Chooser) {
    this.#report = report;
    this.#choose = choose;
    this.#ledger = new Ledger({
      caps,
      keyText: bytesText,
      own: copyBytes,
      evicted: (entry, why) => report.evicted(entry.key, entry.kind === 'provider' ? entry.provider : undefined, why),
    });
  }

  getValue(key: Uint8Array): StoredValue | undefined {
    return this.#ledger.storedValue(key);
  }

  putValue(candidate: ValueCandidate, now: number): Admission {
    const admission = admitValue(this.#ledger, candidate, now);
    if (admission === 'inserted' || admission === 'updated') this.#report.grew(this.#ledger.usage.remote);
    return admission;
  }

  putValues(candidates: readonly ValueCandidate[], now: number): Admission[] {
    return candidates.map((candidate) => this.putValue(candidate, now));
  }

  removeValue(key: Uint8Array, accept: (stored: StoredValue | undefined) => boolean): boolean {
    const stored = this.#ledger.storedValue(key);
    if (stored === undefined || !accept(stored)) return false;
    this.#ledger.remove(stored);
    return true;
  }

  async *scanValues({ prefix, after, limit, now }: ValueScan): AsyncIterable<StoredValue> {
    const { values } = this.#ledger;
    let sinceNow = 0;
    for await (const text of sortedKeys(selectedKeys(values, prefix, after, now), limit, pause)) {
      const entry = values.get(text);
      if (entry !== undefined) yield entry;
      sinceNow += 1;
      if (sinceNow % SCAN_CHUNK === 0) await pause();
    }
  }

  addProvider(candidate: StoredProvider, now: number): Admission {
    const admission = admitProvider(this.#ledger, candidate, this.#choose, now);
    if (admission === 'inserted' || admission === 'updated') this.#report.grew(this.#ledger.usage.remote);
    return admission;
  }

  removeProvider(key: Uint8Array, provider: Uint8Array, accept: (stored: StoredProvider | undefined) => boolean): boolean {
    const stored = this.#ledger.provider(key, provider);
    if (stored === undefined || !accept(stored)) return false;
    this.#ledger.remove(stored);
    return true;
  }

  providersOf(key: Uint8Array): readonly StoredProvider[] {
    return this.#ledger.providersOf(key);
  }

  async *scanProvided(): AsyncIterable<StoredProvider> {
    for (const entry of this.#ledger.provided) yield entry;
  }

  expire(now: number, limit: number): ExpiredChunk {
    const chunk: ExpiredChunk = { records: 0, providers: 0, bytes: 0, more: false };
    const until = performance.now() + SLICE_MS;
    for (let removed = 0; ; removed++) {
      const entry = this.#ledger.firstExpired(now);
      if (entry === undefined) return chunk;
      if (removed >= limit || (removed % 64 === 63 && performance.now() > until)) return { ...chunk, more: true };
      this.#ledger.remove(entry);
      chunk[entry.kind === 'value' ? 'records' : 'providers'] += 1;
      chunk.bytes += entry.bytes;
    }
  }

  usage(): EngineUsage {
    const { local, remote, origins } = this.#ledger.usage;
    return { local, remote, origins };
  }

  async close(): Promise<void> {
    this.#ledger.clear();
  }
}
