import type { RecordStore } from '@p2p/record-store';
import type { LmdbRecordStore } from '@p2p/record-store/lmdb';
import type { RecordsEngine } from './store-tasks.ts';

/** What is expired and not in memory goes this often; the node removes the rest when it expires. */
const SWEEP_MS = 3_600_000;

/** Where a node keeps its dats across restarts. */
export interface NodeRecords extends AsyncDisposable {
  readonly engine: RecordsEngine;
  readonly store: RecordStore;
  /** File or server, as a person would name it. */
  readonly place: string;
  /** The store, where it is a file of ours. */
  readonly lmdb?: LmdbRecordStore;
}

/** Sweeps for as long as it is not disposed of. */
export function sweeping(store: RecordStore, onFailure: (error: Error) => void): Disposable {
  const timer = setInterval(() => {
    store.sweep().catch(onFailure);
  }, SWEEP_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
