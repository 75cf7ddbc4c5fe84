/** Options of calls that wait. */
export interface WaitOptions {
  signal?: AbortSignal;
}

/** A value under a key. */
export interface ValueRecord {
  key: Uint8Array;
  value: Uint8Array;
  publisher?: Uint8Array;
  /** Unix ms. */
  expires?: number;
}

export interface StoreCapabilities {
  /** What a resolved put survives. */
  durable: 'no' | 'process-crash' | 'power-loss';
  atomic: boolean;
  /** Several processes may use one store at a time. */
  shared: boolean;
}

export type RejectReason = 'too-large' | 'at-capacity' | 'key-full' | 'quota' | 'stale' | 'conflict' | 'invalid' | 'expired';

export type PutResult =
  | { outcome: 'inserted' | 'updated' | 'refreshed' }
  | { outcome: 'rejected'; reason: RejectReason };

/** The part of a record store that durable value records need. */
export interface ValueRecordStore extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;
  /** Never an expired record. */
  get(key: Uint8Array, options?: WaitOptions): Promise<ValueRecord | undefined>;
  put(record: ValueRecord, options?: WaitOptions): Promise<PutResult>;
  putMany(records: readonly ValueRecord[], options?: WaitOptions): Promise<PutResult[]>;
  remove(key: Uint8Array, options?: WaitOptions): Promise<boolean>;
  records(options?: { prefix?: Uint8Array; after?: Uint8Array; limit?: number; includeExpired?: boolean; signal?: AbortSignal }): AsyncIterable<ValueRecord>;
  close(): Promise<void>;
}
