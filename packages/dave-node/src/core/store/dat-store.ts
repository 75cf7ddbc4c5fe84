import type { Dat, Entry } from '@p2p/dave-wire';

export type AdmitOutcome =
  | { outcome: 'inserted' | 'updated'; evicted: number }
  | { outcome: 'duplicate' }
  /** A newer dat (or one of equal time and greater digest) is stored. */
  | { outcome: 'older' }
  /** Its shard is full of entries whose priority is not lower, or the entry is larger than any packet. */
  | { outcome: 'no-room' }
  | { outcome: 'expired' }
  /** The same signature is already stored under another key/value boundary. */
  | { outcome: 'signature-reused' };

/** Why an entry would be, or was, refused. */
export type AdmitRefusal = Exclude<AdmitOutcome, { evicted: number }>;

/**
 * The sharded priority store in memory. Synchronous; copies what it keeps; what it returns is the
 * caller's, but byte fields may be views of buffers that hold other copies too: never transfer their
 * `buffer`.
 */
export interface DatStore {
  /**
   * Admits a verified entry. Never changes anything when it refuses.
   * @throws WireError for an entry that cannot be encoded (lengths, key, time, replicas), before any change.
   */
  admit(entry: Entry, nowMs: number): AdmitOutcome;
  /**
   * Why `admit` would refuse this dat now, or undefined. Changes nothing and verifies nothing: ask
   * before verifying, since most refusals need no signature check.
   */
  preview(dat: Dat, nowMs: number): AdmitRefusal | undefined;
  /** The live (not expired) entry of an author's key. Undefined also for a key that no entry can have. */
  get(publicKey: Uint8Array, key: string, nowMs: number): Entry | undefined;
  /** The same, as `encodeEntry` would encode it: a view into the store, valid until the store changes next. */
  getEncoded(publicKey: Uint8Array, key: string, nowMs: number): Uint8Array | undefined;
  /** Forgets an entry; `onEvicted` is not called. */
  remove(publicKey: Uint8Array, key: string): boolean;
  /**
   * Walks all entries in an order that survives changes; `cursor` 0 starts, the returned cursor goes on,
   * undefined at the end. At most `limit` entries a call, possibly none although the walk goes on. An entry
   * that is stored during the whole walk is met exactly once.
   */
  scan(cursor: number, limit: number, nowMs: number): { entries: Entry[]; cursor: number | undefined };
  /** A uniformly random live entry. */
  sample(randomFloat: () => number, nowMs: number): Entry | undefined;
  /** Removes up to `limit` expired entries and tells how many it removed; fewer than `limit` means that no more are expired. */
  sweepExpired(limit: number, nowMs: number): number;
  /** Entries; expired ones until they are swept. */
  readonly count: number;
  /** Accounted bytes: 224 + key + value each. */
  readonly usedBytes: number;
  /** 256 × shardCapacityBytes. */
  readonly capacityBytes: number;
  /**
   * Called for every entry that leaves without being replaced by its own update or removed by `remove`,
   * after the change is complete. Must not throw. Set once.
   */
  onEvicted: ((dat: Dat, reason: 'capacity' | 'expired') => void) | undefined;
}
