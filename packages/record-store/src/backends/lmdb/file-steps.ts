import { open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Directories cannot be synced everywhere.
    if (!['EISDIR', 'EPERM', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

/** Removes a file that LMDB was let near, and the one beside it. */
export async function removeDraft(path: string): Promise<void> {
  await removeFile(path);
  await removeFile(`${path}-lock`);
}

/** What follows the file's name in that of a draft, which itself is begun as a `.new-` one. */
const DRAFT = /^(?:\.(?:new|compact|salvaged|reowned)-\d+)+(?:-lock)?$/;

/** Removes drafts of this file that a crash left behind. Call it only while the file is open here, so that nobody else works on one. */
export async function clearDrafts(path: string): Promise<void> {
  const name = basename(path);
  for (const other of await readdir(dirname(path))) {
    if (other.startsWith(name) && DRAFT.test(other.slice(name.length))) await removeFile(join(dirname(path), other));
  }
}

/** True when there is a file that is not empty. */
export async function isFilled(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
