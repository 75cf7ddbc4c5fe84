import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../cli/app-error.ts';

/** A build that is older than this belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/** Makes the directory in which trees are put together, and clears away what was abandoned there. */
export async function prepareStaging(directory: string, now: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    try {
      if ((await lstat(path)).ctimeMs < now - ABANDONED_AFTER_MS) await removeTree(path);
    } catch (error) {
      // Another process was faster.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** Removes a tree whose directories may forbid it. */
async function removeTree(path: string): Promise<void> {
  await unlock(Buffer.from(path));
  await rm(path, { recursive: true, force: true });
}

async function unlock(directory: Buffer): Promise<void> {
  if (!(await lstat(directory)).isDirectory()) return;
  await chmod(directory, 0o700);
  for (const name of await readdir(directory, { encoding: 'buffer' })) await unlock(Buffer.concat([directory, Buffer.from('/'), name]));
}
