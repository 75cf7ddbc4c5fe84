import { TRACE } from '@p2p/trace';
import type { Datastore } from 'interface-datastore';
import { toSettings } from '../../core/settings.ts';
import type { RecordStoreError } from '../../errors.ts';
import type { RecordStoreOptions } from '../../options.ts';
import { PolicyStore } from '../../store/policy-store.ts';
import type { StoreCapabilities } from '../../types.ts';
import { pause, SYSTEM } from '../system.ts';
import { DatastoreEngine } from './datastore-engine.ts';
import type { DatastoreEngineParts } from './engine-parts.ts';
import { RowKeys } from './row-keys.ts';

/** Options of a store over a datastore. */
export interface DatastoreRecordStoreOptions extends RecordStoreOptions {
  /** An open datastore: LevelDB, IndexedDB, S3, … It stays the caller's: `close` leaves it open. One store at a time writes under a prefix. */
  datastore: Datastore;
  /** Path under which everything is filed. Default `/records`. */
  prefix?: string | undefined;
  /** What a commit of this datastore survives; the interface does not say. Default `no`. datastore-level: `process-crash`. */
  durable?: StoreCapabilities['durable'] | undefined;
  /** Whether its batches are atomic. Default false; datastore-level's and datastore-idb's are. */
  atomic?: boolean | undefined;
  /** Told of a row that cannot be read, each time that it is met. `get` of such a record rejects, scans go on without it; the next put, or `remove`, heals. */
  onDamaged?: ((error: RecordStoreError, key: Uint8Array) => void) | undefined;
}

/**
 * A record store over any `interface-datastore`. What decisions need of every entry is kept in memory
 * (some 550 bytes each), values are not.
 */
export class DatastoreRecordStore extends PolicyStore {
  /**
   * Reads what the datastore holds.
   * @throws RecordStoreError RECORD_STORE_IO when it cannot be read; TypeError for options that are none.
   */
  static async open(options: DatastoreRecordStoreOptions): Promise<DatastoreRecordStore> {
    const settings = toSettings(options, SYSTEM);
    const { datastore, prefix = '/records', durable = 'no', atomic = false, onDamaged = (): void => undefined } = options;
    const keys = new RowKeys(prefix);
    const capabilities: StoreCapabilities = { durable, atomic, shared: false };
    let engine: DatastoreEngine | undefined;
    const store = new this({
      settings,
      pause,
      engine: (report, choose) => {
        const { caps, localId, maxTtlMs } = settings;
        const parts: DatastoreEngineParts = { datastore, keys, capabilities, caps, localId, maxTtlMs, report, choose, onDamaged };
        if (TRACE) parts.trace = settings.trace;
        return (engine = new DatastoreEngine(parts));
      },
    });
    const load = (): Promise<void> => engine!.load(settings.clock.now());
    if (TRACE && settings.trace !== undefined) await settings.trace('records.datastore.load', load);
    else await load();
    return store;
  }
}
