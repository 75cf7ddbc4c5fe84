import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, codeOf } from './cli/app-error.ts';

/**
 * Makes a directory for this user alone, and the directories above it. Parent by parent: Node's own
 * recursion never ends where a file system refuses with ENOENT, as /proc does.
 * @throws AppError APP_DATA_DIR
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeWithParents(path);
  } catch (error) {
    throw new AppError('APP_DATA_DIR', `cannot make the directory ${path}: ${codeOf(error) ?? (error as Error).message}; choose another --data-dir`, { cause: error });
  }
}

async function makeWithParents(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeWithParents(parent);
    await mkdir(path, { mode: 0o700 }).catch((again: unknown) => {
      // Another process may have made it meanwhile.
      if (codeOf(again) !== 'EEXIST') throw again;
    });
  }
}
