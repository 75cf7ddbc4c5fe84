import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RecordStoreError } from '../../errors.ts';
import type { RowWrite } from './environment.ts';

/** What a commit may take however few rows it has: the tree's inner pages and the list of free ones. */
const LEAST_BYTES = 128 * 1024;
/** Each row may have its page copied; most lie together, so this is not less than a commit takes in practice. */
const ROW_BYTES = 4096;

/**
 * Refuses rows for which the disk may have no room, before LMDB is asked: `lmdb` 3.5.6 spoils its process's memory when a
 * write fails for lack of it, about every second time, as `lmdb-full-disk.test.ts` shows without this.
 * Removals too: LMDB writes copies of the pages that they change. Pages that are free in the file are not counted upon.
 * @throws RecordStoreError RECORD_STORE_IO
 */
export async function assertRoom(path: string, rows: readonly RowWrite[]): Promise<void> {
  if ((await freeBytes(path)) >= neededBytes(rows)) return;
  throw noRoom(path);
}

/** Bytes that this process may still write to the file's disk; Infinity where the system does not say. */
export async function freeBytes(path: string): Promise<number> {
  const disk = await statfs(dirname(path)).catch(() => undefined);
  if (disk === undefined) return Number.POSITIVE_INFINITY;
  return disk.bavail * disk.bsize;
}

export function noRoom(path: string, cause?: unknown): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_IO', `${path} could not be written: no space is left on its disk. Free some, or lower the store's limits.`, cause === undefined ? {} : { cause });
}

function neededBytes(rows: readonly RowWrite[]): number {
  let bytes = LEAST_BYTES;
  for (const { value } of rows) bytes += ROW_BYTES + (value?.length ?? 0);
  return bytes;
}
