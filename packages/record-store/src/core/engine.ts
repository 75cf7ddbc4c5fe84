import type { Admission } from './admit.ts';
import type { StoredProvider, StoredValue, ValueCandidate } from './stored.ts';
import type { PoolUsage } from './usage.ts';
import type { StoreCapabilities } from '../types.ts';

/** A value now or later: engines in memory answer at once. */
export type Soon<T> = T | Promise<T>;

/** What a chunk of a sweep removed. */
export interface ExpiredChunk {
  records: number;
  providers: number;
  bytes: number;
  /** More is expired. */
  more: boolean;
}

/** What is stored, as engines count it. */
export interface EngineUsage {
  readonly local: Readonly<PoolUsage>;
  readonly remote: Readonly<PoolUsage>;
  readonly origins: number;
}

/** What engines tell the store in front of them. */
export interface EngineReport {
  /** An entry went to make room. */
  evicted(key: Uint8Array, provider: Uint8Array | undefined, why: 'expired' | 'replaced'): void;
  /** Remote usage after it grew. */
  grew(usage: Readonly<PoolUsage>): void;
}

/**
 * What an engine does for a `PolicyStore`, which has checked arguments, validated and clamped before, and
 * hides what is expired after. Bytes that come in are the caller's: an engine copies what it keeps.
 * Bytes that go out are never changed again. Failures are `RecordStoreError`s.
 */
export interface RecordEngine {
  readonly capabilities: StoreCapabilities;
  /** The record of this key, expired or not. */
  getValue(key: Uint8Array, signal: AbortSignal | undefined): Soon<StoredValue | undefined>;
  /** `admitValue` in a transaction. */
  putValue(candidate: ValueCandidate, now: number, signal: AbortSignal | undefined): Soon<Admission>;
  /** The same for many, in order; each by itself is a transaction at least. */
  putValues(candidates: readonly ValueCandidate[], now: number, signal: AbortSignal | undefined): Soon<Admission[]>;
  /** Removes the record if `accept` says so of what is stored, in a transaction; it is asked of undefined where that cannot be read. True when it was removed. */
  removeValue(key: Uint8Array, accept: (stored: StoredValue | undefined) => boolean, signal: AbortSignal | undefined): Soon<boolean>;
  /** Records in ascending order of keys, expired ones too; only those that start with `prefix` and are greater than `after`. `limit` is a hint: nobody reads on after so many live ones (see `now`). */
  scanValues(scan: ValueScan): AsyncIterable<StoredValue>;
  /** `admitProvider` in a transaction. */
  addProvider(candidate: StoredProvider, now: number, signal: AbortSignal | undefined): Soon<Admission>;
  /** True when it was removed; `accept` as above. */
  removeProvider(key: Uint8Array, provider: Uint8Array, accept: (stored: StoredProvider | undefined) => boolean, signal: AbortSignal | undefined): Soon<boolean>;
  /** All providers of a key as they came, expired ones too. */
  providersOf(key: Uint8Array, signal: AbortSignal | undefined): Soon<readonly StoredProvider[]>;
  /** The local providers of all keys, expired ones too. */
  scanProvided(signal: AbortSignal | undefined): AsyncIterable<StoredProvider>;
  /** Removes up to `limit` entries that are expired when they are removed. Takes at most some ms of the event loop at a time, and may remove fewer for that. */
  expire(now: number, limit: number, signal: AbortSignal | undefined): Soon<ExpiredChunk>;
  usage(): Soon<EngineUsage>;
  close(): Promise<void>;
}

/** Which value records to read. */
export interface ValueScan {
  readonly prefix: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
  readonly limit: number;
  /** Expired before this are of no interest to the reader, and may be left out; -Infinity: all are. */
  readonly now: number;
  readonly signal: AbortSignal | undefined;
}
