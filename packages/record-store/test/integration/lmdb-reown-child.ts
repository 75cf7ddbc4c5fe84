import { acceptAny } from '@p2p/record-store';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';

/** Opens the file under another id, for which it is made anew; killed on the way. */
const [, , path = ''] = process.argv;
process.send!('begins');
const store = await LmdbRecordStore.open({ path, localId: new TextEncoder().encode('another'), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited' } });
await store.close();
process.exit();
