/** Options of calls that wait. */
export interface WaitOptions {
  signal?: AbortSignal | undefined;
}

/** A value under a key. */
export interface ValueRecord {
  key: Uint8Array;
  value: Uint8Array;
  /** Who published it first. The store's `localId`, written without an `origin`, makes the record a local one. */
  publisher?: Uint8Array;
  /** Unix ms. From then on it is expired: `now >= expires`. Absent: `maxTtlMs` from now; for a local record never. */
  expires?: number;
}

/** Says that `provider` has what is behind `key`, and where to reach it. */
export interface ProviderRecord {
  key: Uint8Array;
  provider: Uint8Array;
  /** As in value records. */
  expires?: number;
  /** Opaque to the store but for the policies that look at their network prefix: `host:port` or multiaddrs. */
  addresses: readonly string[];
}

/** What an engine promises. */
export interface StoreCapabilities {
  /** What a resolved put survives. */
  durable: 'no' | 'process-crash' | 'power-loss';
  /** A put and what it does to the limits happen as one; no crash leaves half of it. */
  atomic: boolean;
  /** Other nodes may read and write the same records at the same time. */
  shared: boolean;
}

/**
 * Why a record was not taken. `stale`: a newer one is stored; `conflict`: another value of the same
 * version is stored, a local record would be overwritten, or `ifVersion` did not match; `quota`: the
 * origin has used up its share; `key-full`: the policy kept the providers that the key has.
 */
export type RejectReason = 'too-large' | 'at-capacity' | 'key-full' | 'quota' | 'stale' | 'conflict' | 'invalid' | 'expired';

/** What became of a put: a value, also when it is a refusal. */
export type PutResult =
  | { outcome: 'inserted' | 'updated' | 'refreshed' }
  | { outcome: 'rejected'; reason: RejectReason };

/** Where a write comes from, for quotas. */
export interface OriginOptions extends WaitOptions {
  /** Whoever sent it, as observed and not as claimed: an address prefix or a peer's id, up to 256 characters. Absent: this node itself. */
  origin?: string | undefined;
}

/** Options of writes of value records. */
export interface WriteOptions extends OriginOptions {
  /**
   * False: the store may keep the record's bytes instead of copying them; whoever gives them neither changes them nor resizes or
   * transfers their buffers from then on, and a view of a large buffer keeps all of it. Default: the store copies what it keeps.
   */
  copy?: boolean | undefined;
}

/** Options of a put. */
export interface PutOptions extends WriteOptions {
  /**
   * Put only if the stored record has this version: its rank, or its value where the namespace has no ranks.
   * `'absent'`: only if there is none. Else `conflict`.
   */
  ifVersion?: Uint8Array | 'absent' | undefined;
}

/** Options of reads. */
export interface ReadOptions extends WaitOptions {
  /** True: bytes of the caller's own. Default: views that the store never changes, and the caller must not. */
  copy?: boolean | undefined;
}

/** Options of scans over value records. */
export interface RecordsOptions extends ReadOptions {
  /** Only keys that start with it. */
  prefix?: Uint8Array | undefined;
  /** Only keys greater than it, byte by byte. */
  after?: Uint8Array | undefined;
  /** At most so many. */
  limit?: number | undefined;
  /** Also what is expired and not swept yet. Default false. */
  includeExpired?: boolean | undefined;
}

/** Options of a look at a key's providers. */
export interface ProvidersOptions extends ReadOptions {
  /** At most so many. Default `replication`. */
  limit?: number | undefined;
  /** `stored`: as they came; `closest`: by distance to the key. Default `stored`. */
  order?: 'stored' | 'random' | 'closest' | undefined;
}

/** Options of `due`. */
export interface DueOptions extends WaitOptions {
  /** Go on after this item. Default: one interval before `before`. */
  after?: ResumeToken | undefined;
  /** At most so many. */
  limit?: number | undefined;
}

/** A place in the republish schedule; a string that may be stored. */
export type ResumeToken = string & { readonly resumeToken: unique symbol };

/** A record whose time to be sent again has come. */
export type RepublishItem =
  | { readonly kind: 'publish' | 'replicate'; readonly record: ValueRecord; readonly dueMs: number; readonly token: ResumeToken }
  | { readonly kind: 'provide'; readonly provider: ProviderRecord; readonly dueMs: number; readonly token: ResumeToken };

/** Options of a sweep. */
export interface SweepOptions extends WaitOptions {
  /** Remove at most so many entries. Default: all that are expired. */
  budget?: number | undefined;
}

/** What a sweep removed. */
export interface SweepResult {
  records: number;
  providers: number;
  /** Bytes that were freed, as limits count them. */
  bytes: number;
  /** The budget ended before the expired entries did. */
  more: boolean;
}

/** What is stored of one class. Expired entries count until they are evicted or swept. */
export interface ClassStats {
  records: number;
  /** Keys, values, publishers, providers and addresses. */
  bytes: number;
  /** Keys that have providers. */
  providedKeys: number;
  providers: number;
}

/** State and counters of a store. Counters are of this object, since it was opened. */
export interface StoreStats {
  local: ClassStats;
  remote: ClassStats;
  /** Origins that have something stored. */
  origins: number;
  /** Of value puts and provider adds together. */
  puts: Record<'inserted' | 'updated' | 'refreshed', number>;
  rejected: Record<RejectReason, number>;
  gets: { hit: number; miss: number };
  /** Entries that made room: expired ones, and providers that a full key's policy replaced. */
  evicted: { expired: number; replaced: number };
  swept: number;
}

/** The part of a record store that durable value records need. */
export interface ValueRecordStore extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;
  /** Never an expired record. */
  get(key: Uint8Array, options?: WaitOptions): Promise<ValueRecord | undefined>;
  put(record: ValueRecord, options?: WaitOptions): Promise<PutResult>;
  putMany(records: readonly ValueRecord[], options?: Pick<WriteOptions, 'signal' | 'copy'>): Promise<PutResult[]>;
  remove(key: Uint8Array, options?: WaitOptions): Promise<boolean>;
  /** In ascending order of keys, byte by byte. */
  records(options?: { prefix?: Uint8Array; after?: Uint8Array; limit?: number; includeExpired?: boolean; signal?: AbortSignal }): AsyncIterable<ValueRecord>;
  close(): Promise<void>;
}
