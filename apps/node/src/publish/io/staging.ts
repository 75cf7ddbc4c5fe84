import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../cli/app-error.ts';

/** Blocks that nobody has added to for so long are not waited for any more. */
const STALE_AFTER_MS = 7 * 24 * 3_600_000;
/** A build that is older than this belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/** Where the blocks of unfinished fetches are. */
export function incomingDirectory(dataDir: string): string {
  return join(dataDir, 'publish', 'incoming');
}

/** Removes the blocks of fetches that were given up. */
export async function dropStaleBlocks(dataDir: string, now: number): Promise<void> {
  await removeOlder(incomingDirectory(dataDir), now - STALE_AFTER_MS);
}

/** Makes the directory in which trees are put together, and clears away what was abandoned there. */
export async function prepareStaging(directory: string, now: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await removeOlder(directory, now - ABANDONED_AFTER_MS);
}

async function removeOlder(directory: string, before: number): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const path = join(directory, name);
    try {
      if ((await lstat(path)).ctimeMs < before) await removeTree(path);
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
