import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../cli/app-error.ts';

/** Blocks that nobody has added to for so long are not waited for any more. */
const STALE_AFTER_MS = 7 * 24 * 3_600_000;

/** Where the blocks of unfinished fetches are. */
export function incomingDirectory(dataDir: string): string {
  return join(dataDir, 'publish', 'incoming');
}

/** Removes the blocks of fetches that were given up. */
export async function dropStaleBlocks(dataDir: string, now: number): Promise<void> {
  const directory = incomingDirectory(dataDir);
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const path = join(directory, name);
    try {
      if ((await lstat(path)).ctimeMs < now - STALE_AFTER_MS) await rm(path, { recursive: true, force: true });
    } catch (error) {
      // Another process was faster.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}
