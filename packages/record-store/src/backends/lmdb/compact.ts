import { rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LmdbEnvironment, mapError, removeFile, syncFile } from './environment.ts';
import { assertFormat } from './format-row.ts';
import { assertSound, checkFile } from './salvage.ts';

/**
 * Rewrites a file that no process has open without the pages that are free: LMDB reuses those, but
 * never gives them back. After a crash in between, the old file or the new one is there.
 * @throws RecordStoreError RECORD_STORE_CONFIG when it is in use, RECORD_STORE_CORRUPT, RECORD_STORE_IO
 */
export async function compactFile(path: string): Promise<{ bytesBefore: number; bytesAfter: number }> {
  assertSound(path, await checkFile(path, { pagesOnly: true }));
  const draft = `${path}.compact-${process.pid}`;
  await removeFile(draft);
  const environment = await LmdbEnvironment.open(path);
  try {
    assertFormat(environment);
    await environment.copyTo(draft);
    const [before, after] = await Promise.all([stat(path), stat(draft)]);
    await rename(draft, path);
    await syncFile(dirname(path));
    return { bytesBefore: before.size, bytesAfter: after.size };
  } catch (error) {
    throw mapError(error, path);
  } finally {
    await environment.close();
    await removeFile(draft);
    await removeFile(`${draft}-lock`);
  }
}
