import type { StoreEventType, StoreEvents } from './events.ts';
import type {
  DueOptions,
  OriginOptions,
  ProviderRecord,
  ProvidersOptions,
  PutOptions,
  PutResult,
  ReadOptions,
  RecordsOptions,
  RepublishItem,
  StoreStats,
  SweepOptions,
  SweepResult,
  ValueRecord,
  ValueRecordStore,
  WaitOptions,
  WriteOptions,
} from './types.ts';

/**
 * Value records and provider records of a Kademlia-like system, bounded, one interface for every engine.
 *
 * Refusals by policy are values (`PutResult`). What fails around the store throws `RecordStoreError`;
 * a wrong argument `TypeError`; an aborted signal its reason. After `close` every method throws
 * RECORD_STORE_CLOSED.
 */
export interface RecordStore extends ValueRecordStore {
  /** The record of this key, never an expired one. */
  get(key: Uint8Array, options?: ReadOptions): Promise<ValueRecord | undefined>;
  /** Validates the record, selects between it and the stored one, and takes it if the limits allow. */
  put(record: ValueRecord, options?: PutOptions): Promise<PutResult>;
  /** As `put` for each, in order; one result for each. */
  putMany(records: readonly ValueRecord[], options?: WriteOptions): Promise<PutResult[]>;
  /** False when there is none, none that lives, or one of another publisher. */
  remove(key: Uint8Array, options?: WaitOptions & { ifPublisher?: Uint8Array | undefined }): Promise<boolean>;
  /** All records in ascending order of keys. What is put or removed meanwhile may be seen or not; what stays is seen once. */
  records(options?: RecordsOptions): AsyncIterable<ValueRecord>;
  /** Adds a provider, or replaces in place what is known of it. A full key's policy decides between it and the others. */
  addProvider(provider: ProviderRecord, options?: OriginOptions): Promise<PutResult>;
  /** False when it was not known. */
  removeProvider(key: Uint8Array, provider: Uint8Array, options?: WaitOptions): Promise<boolean>;
  /** Those of this key that live: a copy of the list. */
  providers(key: Uint8Array, options?: ProvidersOptions): Promise<ProviderRecord[]>;
  /** The records that say this node provides. */
  provided(options?: ReadOptions): AsyncIterable<ProviderRecord>;
  /**
   * What is to be sent again by `before` (Unix ms), ordered by when it was due: local records to publish,
   * others to replicate unless somebody put them within the interval, local providers to announce.
   * Every item has its own phase of the interval, so that they spread over it. The schedule depends on
   * keys and `localId` alone: with a stored token it goes on where it was, after a restart too.
   */
  due(before: number, options?: DueOptions): AsyncIterable<RepublishItem>;
  /** Deletes what is expired, in chunks between which others run; what was refreshed meanwhile stays. */
  sweep(options?: SweepOptions): Promise<SweepResult>;
  /** State and counters. */
  stats(): Promise<StoreStats>;
  /** Calls `listener` for each event until disposed of or `signal` aborts. */
  on<K extends StoreEventType>(type: K, listener: (event: StoreEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable;
  /** Waits for what is under way, then lets go of the engine. Again: nothing. */
  close(): Promise<void>;
}
