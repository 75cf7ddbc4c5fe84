import type { LmdbEnvironment, RowWrite } from './environment.ts';
import { isSealed, ROW, rowKey, seal, SEAL_BYTES } from './rows.ts';

const KEY: Uint8Array = rowKey(ROW.meta, Buffer.from('owner'));

/** Says for which `localId` a file's indexes and counts were made. */
export function ownerRow(localId: Uint8Array): RowWrite {
  const value = Buffer.concat([Buffer.alloc(SEAL_BYTES), localId]);
  seal(KEY, value);
  return { key: KEY, value };
}

/** The `localId` for which a file was made; undefined where it does not say. */
export function ownerOf(environment: LmdbEnvironment): Uint8Array | undefined {
  const row = environment.get(KEY);
  return row === undefined || !isSealed(KEY, row) ? undefined : Uint8Array.from(row.subarray(SEAL_BYTES));
}
