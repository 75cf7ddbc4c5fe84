import { equalBytes } from '../../core/bytes.ts';
import type { LmdbEnvironment, RowWrite } from './environment.ts';
import { isSealed, ROW, rowKey, seal, SEAL_BYTES } from './rows.ts';

const KEY: Uint8Array = rowKey(ROW.meta, Buffer.from('owner'));

/** Says for which `localId` a file's indexes and counts were made. */
export function ownerRow(localId: Uint8Array): RowWrite {
  const value = Buffer.concat([Buffer.alloc(SEAL_BYTES), localId]);
  seal(KEY, value);
  return { key: KEY, value };
}

/** False too where a file does not say it. */
export function isOwnedBy(environment: LmdbEnvironment, localId: Uint8Array): boolean {
  const row = environment.get(KEY);
  return row !== undefined && isSealed(KEY, row) && equalBytes(new Uint8Array(row.subarray(SEAL_BYTES)), localId);
}
