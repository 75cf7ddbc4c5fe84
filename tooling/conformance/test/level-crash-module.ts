// What the suite's kill -9 part imports, here and in the child that it kills.
import { LevelDatastore } from 'datastore-level';
import { DatastoreRecordStore } from '@p2p/record-store/datastore';
import { acceptAny, type RecordStore } from '@p2p/record-store';

/** A store of its own datastore, which is closed with it. */
class LevelRecordStore extends DatastoreRecordStore {
  datastore: LevelDatastore | undefined;

  override async close(): Promise<void> {
    await super.close();
    await this.datastore?.close();
  }
}

export async function open(directory: string): Promise<RecordStore> {
  const datastore = new LevelDatastore(directory);
  await datastore.open();
  const limits = { maxRecords: 'unlimited', maxTotalBytes: 'unlimited' } as const;
  const store = (await LevelRecordStore.open({ datastore, localId: Uint8Array.of(1), validators: { default: acceptAny() }, limits, durable: 'process-crash', atomic: true })) as LevelRecordStore;
  store.datastore = datastore;
  return store;
}
