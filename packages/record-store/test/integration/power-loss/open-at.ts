import { LmdbRecordStore } from '../../../src/backends/lmdb/index.ts';
import { acceptAny } from '../../../src/index.ts';

export function openAt(path: string): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({ path, localId: new Uint8Array(32).fill(0xff), validators: { default: acceptAny() }, maxTtlMs: 'unlimited', limits: { maxTotalBytes: 'unlimited' } });
}
