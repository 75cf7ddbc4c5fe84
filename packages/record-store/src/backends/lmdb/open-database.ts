import { stat } from 'node:fs/promises';
import type { RootDatabase } from 'lmdb';
import { RecordStoreError } from '../../errors.ts';
import { codeOf } from './file-steps.ts';

/** LMDB's own, whatever the machine's: a data directory may move. */
const PAGE_BYTES = 4096;
export const FILE_MODE = 0o600;

/** @throws RecordStoreError RECORD_STORE_CONFIG without the package `lmdb`; LMDB's errors */
export async function openDatabase(path: string): Promise<RootDatabase<Buffer, Uint8Array>> {
  let lmdb: typeof import('lmdb');
  try {
    lmdb = await import('lmdb');
  } catch (error) {
    throw new RecordStoreError('RECORD_STORE_CONFIG', 'LmdbRecordStore needs the package lmdb: npm install lmdb', { cause: error });
  }
  const options = {
    path,
    noSubdir: true,
    pageSize: PAGE_BYTES,
    keyEncoding: 'binary',
    encoding: 'binary',
    // Resolved means synced: see `LmdbEnvironment`.
    overlappingSync: false,
    // It would make a promise of its own for each turn, which nobody holds: a failed commit would end the process.
    eventTurnBatching: false,
    // Known to lmdb, not to its types.
    permissionsMode: FILE_MODE,
  } as const;
  return lmdb.open<Buffer, Uint8Array>(options);
}

/** The kernel tells LMDB which of its readers live: `readerCheck` clears those that do not. @throws RecordStoreError RECORD_STORE_IN_USE */
export function assertAlone(database: RootDatabase<Buffer, Uint8Array>, path: string): void {
  database.readerCheck();
  const others = database
    .readerList()
    .split('\n')
    .map((line) => /^\s*(\d+)\s/.exec(line)?.[1])
    .filter((pid) => pid !== undefined && Number(pid) !== process.pid);
  if (others.length > 0) throw inUse(path, `process ${others[0]}`);
}

export function inUse(path: string, who: string): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_IN_USE', `${who} uses ${path}: an LMDB record store belongs to one process, stop it or use another file.`);
}

/** Which files these are, data and locks; undefined before there are locks. */
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    const [data, locks] = await Promise.all([stat(path), stat(`${path}-lock`)]);
    return `${data.ino} ${locks.ino}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
