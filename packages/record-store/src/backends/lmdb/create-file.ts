import { link, mkdir, open, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { LmdbEnvironment, type RowWrite } from './environment.ts';
import { codeOf, isFilled, removeFile, syncFile } from './file-steps.ts';
import { FILE_MODE } from './open-database.ts';

/** Creates the file with its first rows unless it exists. After a crash it is there as a whole or not at all. */
export async function createFile(path: string, rows: readonly RowWrite[]): Promise<void> {
  const target = resolve(path);
  if (await isFilled(target)) return;
  const directory = dirname(target);
  const made = await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `${basename(target)}.new-${process.pid}`);
  await removeFile(draft);
  await removeFile(`${draft}-lock`);
  await createBare(draft);
  const environment = await LmdbEnvironment.open(draft);
  try {
    await environment.commit(rows);
  } finally {
    await environment.close();
  }
  await syncFile(draft);
  await link(draft, target).catch(async (error: unknown) => {
    const code = codeOf(error);
    // Somebody else was faster: theirs is as good.
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    await rename(draft, target);
  });
  await removeFile(draft);
  await removeFile(`${draft}-lock`);
  await syncFile(directory);
  if (made !== undefined) await syncFile(dirname(made));
}

/** LMDB takes an empty file for a new one. */
async function createBare(path: string): Promise<void> {
  await (await open(path, 'wx', FILE_MODE)).close();
}
