import { DataFile } from './data-file.ts';
import { LmdbEnvironment } from './environment.ts';
import { codeOf } from './file-steps.ts';
import { checkFile, salvageFile, type CheckOptions, type LmdbCheck, type SalvageReport } from './salvage.ts';

/**
 * Takes a file for this process without a look at its pages, which may be damaged: nobody else may
 * write to it, or have it open, while it is surveyed. Close what it resolves with, or go on with it.
 * Undefined where LMDB cannot open it, so that nobody else can either.
 * @throws RecordStoreError RECORD_STORE_IN_USE, RECORD_STORE_CONFIG without the package `lmdb`
 */
export async function ownFile(path: string): Promise<LmdbEnvironment | undefined> {
  try {
    if (!(await isMappable(path))) return undefined;
    return await LmdbEnvironment.open(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'RECORD_STORE_IN_USE' || code === 'RECORD_STORE_CONFIG') throw error;
    return undefined;
  }
}

/** Its first pages are whole, and claim a size that it can have: LMDB ends the process where that cannot be mapped. */
async function isMappable(path: string): Promise<boolean> {
  await using file = await DataFile.open(path);
  return file !== undefined && !file.exaggerates;
}

/** Looks at a file that no process has open. @throws RecordStoreError RECORD_STORE_IN_USE, RECORD_STORE_IO */
export async function checkOwnFile(path: string, options: CheckOptions = {}): Promise<LmdbCheck> {
  const environment = await ownFile(path);
  try {
    return await checkFile(path, options);
  } finally {
    await environment?.close();
  }
}

/**
 * Puts the intact records of a damaged file that no process has open into a new one in its place, with
 * those whose inner pages are lost in the newest version that is left of them (which may be one that
 * was removed since); the damaged one is kept under another name. After a crash in between, one of the
 * two is there under the old name. @throws RecordStoreError RECORD_STORE_IN_USE, RECORD_STORE_IO
 */
export async function salvageOwnFile(path: string, options: Omit<CheckOptions, 'pagesOnly'> = {}): Promise<SalvageReport> {
  const damaged = await ownFile(path);
  try {
    const { environment, report } = await salvageFile(path, options);
    await environment.close();
    return report;
  } finally {
    await damaged?.close();
  }
}
