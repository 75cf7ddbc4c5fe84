import { chmod, lstat, mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../cli/app-error.ts';
import { ownerOf, processMark } from './process-mark.ts';

/** Blocks that nobody has added to for so long are not waited for any more. */
const STALE_AFTER_MS = 7 * 24 * 3_600_000;
/** A build whose process cannot be asked after, on another machine or before the last boot, was abandoned when it is older than this. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/** Where the blocks of unfinished fetches are. */
export function incomingDirectory(dataDir: string): string {
  return join(dataDir, 'publish', 'incoming');
}

/** Removes the blocks of fetches that were given up. */
export async function dropStaleBlocks(dataDir: string, now: number): Promise<void> {
  await removeOlder(incomingDirectory(dataDir), now - STALE_AFTER_MS);
}

/**
 * Makes a directory in which this process puts trees together, and clears away those of processes that were killed.
 * @returns its path; whoever asked for it removes it with `leaveStaging`.
 */
export async function prepareStaging(parent: string, now: number): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeWhere(parent, async (name, path) => {
    const owner = ownerOf(name);
    return owner === 'dead' || (owner === 'unknown' && (await lstat(path)).ctimeMs < now - ABANDONED_AFTER_MS);
  });
  return await mkdtemp(join(parent, processMark()));
}

/** Removes a directory of `prepareStaging`. One that is not empty stays: once this process is gone, the next start clears it away. */
export async function leaveStaging(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  }
}

async function removeOlder(directory: string, before: number): Promise<void> {
  await removeWhere(directory, async (_name, path) => (await lstat(path)).ctimeMs < before);
}

async function removeWhere(directory: string, isOver: (name: string, path: string) => Promise<boolean>): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const path = join(directory, name);
    try {
      if (await isOver(name, path)) await removeTree(path);
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
