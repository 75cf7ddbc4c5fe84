import { decodeEntry, encodeEntry, type Entry } from '@p2p/dave-wire';
import { SeededRandom, VirtualClock } from '@p2p/testkit';
import { Counters } from '../../src/core/counters.ts';
import { recordKey } from '../../src/core/store/dat-record.ts';
import { Persistence } from '../../src/core/store/persistence.ts';
import { PriorityStore } from '../../src/core/store/priority-store.ts';
import { NodeEmitter } from '../../src/events.ts';
import { silentLogger } from '../../src/io/silent-logger.ts';
import { authorKey, unsignedEntry, type DatFields } from './dats.ts';
import { hex, MemoryRecords } from './memory-records.ts';
import { ValueVerifier } from './value-verifier.ts';

export const TTL_MS = 1_000_000_000;

/** One run of a node's store over records that outlive it. */
export class PersistenceRun {
  readonly clock: VirtualClock;
  readonly records: MemoryRecords;
  readonly store: PriorityStore;
  readonly verifier: ValueVerifier = new ValueVerifier();
  readonly persistence: Persistence;
  readonly counters: Counters = new Counters();
  readonly errors: string[] = [];
  readonly restored: string[] = [];

  constructor(options: { records?: MemoryRecords; clock?: VirtualClock; shardCapacityBytes?: number; maxPending?: number } = {}) {
    this.clock = options.clock ?? new VirtualClock();
    this.records = options.records ?? new MemoryRecords(this.clock);
    this.store = new PriorityStore({ selfId: 1n, shardCapacityBytes: options.shardCapacityBytes ?? 100_000, ttlMs: TTL_MS, hashSecret: new Uint8Array(16) });
    const emitter = new NodeEmitter();
    const random = new SeededRandom(1);
    this.persistence = new Persistence(
      { ttlMs: TTL_MS, ...(options.maxPending === undefined ? {} : { maxPending: options.maxPending }) },
      { records: this.records, store: this.store, verifier: this.verifier, clock: this.clock, random, emitter, counters: this.counters, logger: silentLogger },
    );
    this.store.onEvicted = (dat) => this.persistence.evicted(dat);
    emitter.on('error', ({ error }) => void this.errors.push((error as Error & { code: string }).code));
    emitter.on('stored', ({ dat, source }) => void this.restored.push(`${dat.key} ${source}`));
  }

  /** Admits an entry and starts to persist it. */
  put(fields: DatFields): { entry: Entry; durable: Promise<string> } {
    const entry = unsignedEntry({ time: this.clock.now(), ...fields });
    const { outcome } = this.store.admit(entry, this.clock.now());
    if (outcome !== 'inserted' && outcome !== 'updated') throw new Error(`not admitted: ${outcome}`);
    return { entry, durable: outcomeOf(this.persistence.persisted(entry)) };
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.clock.runUntilSettled(promise, 120_000);
  }

  value(key: string, author = 0): string | undefined {
    const found = this.store.get(authorKey(author), key, this.clock.now());
    return found === undefined ? undefined : Buffer.from(found.dat.value).toString();
  }

  recorded(key: string, author = 0): string | undefined {
    const record = this.records.held.get(hex(recordKey({ publicKey: authorKey(author), key })));
    return record === undefined ? undefined : Buffer.from(decodeEntry(record.value).dat.value).toString();
  }
}

/** Puts a record where an earlier run would have. */
export function leave(run: PersistenceRun, fields: DatFields): Entry {
  const entry = unsignedEntry({ time: run.clock.now() - 1000, ...fields });
  const key = recordKey(entry.dat);
  run.records.held.set(hex(key), { key, value: encodeEntry(entry), publisher: entry.dat.publicKey, expires: entry.dat.time + TTL_MS });
  return entry;
}

/** `durable`, or the code of what went wrong. */
export function outcomeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'durable',
    (error: { code: string }) => error.code,
  );
}
