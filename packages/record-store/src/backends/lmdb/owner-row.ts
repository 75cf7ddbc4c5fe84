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
  const value = environment.get(KEY);
  return value === undefined ? undefined : ownerIn({ key: KEY, value });
}

/** The same of a row: undefined where it is another one, or damaged. */
export function ownerIn({ key, value }: { readonly key: Uint8Array; readonly value: Uint8Array }): Uint8Array | undefined {
  return Buffer.compare(key, KEY) !== 0 || !isSealed(KEY, value) ? undefined : Uint8Array.from(value.subarray(SEAL_BYTES));
}
