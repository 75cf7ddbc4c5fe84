import { RecordStoreError } from '../../errors.ts';
import { pause } from '../system.ts';
import { freeBytes, noRoom } from './disk-room.ts';

/** With less than this a disk counts as full. */
const FULL_BELOW_BYTES = 1_048_576;
/** Messages of LMDB that say that its file, and not the disk, is at fault. */
const CORRUPT = /MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_INVALID|MDB_VERSION_MISMATCH|MDB_PAGE_FULL|MDB_CURSOR_FULL/;

/** lmdb keeps the reason of a failed commit in a promise of its own, which may never settle. */
export async function reasonOf(failure: unknown): Promise<unknown> {
  const { commitError } = failure as { commitError?: Promise<never> };
  let reason = failure;
  commitError?.catch((known: unknown) => {
    reason = known;
  });
  await pause();
  return reason;
}

/** A failed write as this package's. LMDB says that input or output failed where the disk took a part of what it wrote. */
export async function failureOf(reason: unknown, path: string): Promise<unknown> {
  const mapped = mapError(reason, path);
  if (!(mapped instanceof RecordStoreError) || mapped.code !== 'RECORD_STORE_IO') return mapped;
  return (await freeBytes(path)) >= FULL_BELOW_BYTES ? mapped : noRoom(path, reason);
}

/** Failures as this package's. */
export function mapError(error: unknown, path: string): unknown {
  if (error instanceof RecordStoreError || error instanceof TypeError) return error;
  const { message } = error as Error;
  if (CORRUPT.test(message)) return new RecordStoreError('RECORD_STORE_CORRUPT', `${path} is damaged (${message}): verify it, and salvage what is intact.`, { cause: error });
  return new RecordStoreError('RECORD_STORE_IO', `${path} could not be read or written: ${message}`, { cause: error });
}
