import { LmdbRecordStore } from '@p2p/record-store/lmdb';
import { acceptAny } from '@p2p/record-store';

export function openAt(path: string): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({ path, localId: new Uint8Array(32).fill(0xff), validators: { default: acceptAny() }, maxTtlMs: 'unlimited', limits: { maxTotalBytes: 'unlimited' } });
}
