import type { Dat, Entry } from '@p2p/dave-wire';

export type AdmitOutcome =
  | { outcome: 'inserted' | 'updated'; evicted: number }
  | { outcome: 'duplicate' }
  /** A newer dat (or one of equal time and greater digest) is stored. */
  | { outcome: 'older' }
  | { outcome: 'no-room' }
  | { outcome: 'expired' }
  /** The same signature is already stored under another key/value boundary. */
  | { outcome: 'signature-reused' };

/** The sharded priority store in memory. Synchronous; copies what it keeps; what it returns is the caller's. */
export interface DatStore {
  /** Admits a verified entry. Never changes anything when it refuses. */
  admit(entry: Entry, nowMs: number): AdmitOutcome;
  /** The live (not expired) entry of an author's key. */
  get(publicKey: Uint8Array, key: string, nowMs: number): Entry | undefined;
  remove(publicKey: Uint8Array, key: string): boolean;
  /** Walks all entries in an order that survives changes; `cursor` 0 starts, the returned cursor goes on, undefined at the end. At most `limit` entries a call. */
  scan(cursor: number, limit: number, nowMs: number): { entries: Entry[]; cursor: number | undefined };
  /** A uniformly random live entry. */
  sample(randomFloat: () => number, nowMs: number): Entry | undefined;
  readonly count: number;
  /** Accounted bytes: 224 + key + value each. */
  readonly usedBytes: number;
  /** 256 × shardCapacityBytes. */
  readonly capacityBytes: number;
  /** Called for every entry that leaves without being replaced by its own update. Set once. */
  onEvicted: ((dat: Dat, reason: 'capacity' | 'expired') => void) | undefined;
}
