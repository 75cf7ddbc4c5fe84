import { join } from 'node:path';
import { acceptAny } from '@p2p/record-store';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';

/** What the conformance suite's child process opens, and is killed over. */
export function open(directory: string): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({
    path: join(directory, 'records.lmdb'),
    localId: new Uint8Array(32).fill(0xff),
    validators: { default: acceptAny() },
    limits: { maxRecords: 'unlimited', maxTotalBytes: 'unlimited' },
  });
}
