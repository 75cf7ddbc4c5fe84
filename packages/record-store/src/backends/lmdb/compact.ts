import { LmdbEnvironment } from './environment.ts';
import { assertFormat } from './format-row.ts';
import { ownFile } from './owned-file.ts';
import { assertSound, checkFile } from './salvage.ts';

/**
 * Rewrites a file that no process has open without the pages that are free: LMDB reuses those, but
 * never gives them back. After a crash in between, the old file or the new one is there.
 * @throws RecordStoreError RECORD_STORE_IN_USE, RECORD_STORE_CORRUPT, RECORD_STORE_IO
 */
export async function compactFile(path: string): Promise<{ bytesBefore: number; bytesAfter: number }> {
  const owned = await ownFile(path);
  try {
    assertSound(path, await checkFile(path, { pagesOnly: true }));
  } catch (error) {
    await owned?.close();
    throw error;
  }
  const environment = owned ?? (await LmdbEnvironment.open(path));
  try {
    assertFormat(environment);
    const { environment: compacted, bytesBefore, bytesAfter } = await environment.compacted();
    await compacted.close();
    return { bytesBefore, bytesAfter };
  } finally {
    await environment.close();
  }
}
