import { RecordStoreError } from '../../errors.ts';
import type { LmdbEnvironment, RowWrite } from './environment.ts';
import { ROW, rowKey } from './rows.ts';

const FORMAT = 1;
const KEY: Uint8Array = rowKey(ROW.meta, Buffer.from('format'));
const NAME = Buffer.from('p2p-record-store');

/** Says that a file is a record store's, and of which format. */
export function formatRow(): RowWrite {
  return { key: KEY, value: Buffer.concat([NAME, Buffer.from([FORMAT])]) };
}

/** @throws RecordStoreError RECORD_STORE_CONFIG for the file of another program, or of a later format. */
export function assertFormat(environment: LmdbEnvironment): void {
  const row = environment.get(KEY);
  if (row === undefined || row.length !== NAME.length + 1 || !row.subarray(0, NAME.length).equals(NAME)) {
    throw new RecordStoreError('RECORD_STORE_CONFIG', `${environment.path} is an LMDB file, but no record store: choose another path.`);
  }
  if (row[NAME.length] !== FORMAT) throw new RecordStoreError('RECORD_STORE_CONFIG', `${environment.path} has format ${row[NAME.length]}, this version reads ${FORMAT}: update it.`);
}
