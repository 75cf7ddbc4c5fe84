export { DatastoreRecordStore, type DatastoreRecordStoreOptions } from './datastore-record-store.ts';
