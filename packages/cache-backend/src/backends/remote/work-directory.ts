import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { bytesOfPath } from '../../io/byte-path.ts';
import { removeTree } from '../../io/tree/remove-tree.ts';

/** Leftovers of other machines go when they are so old. */
const FOREIGN_LEFTOVER_MS = 7 * 86_400_000;
const OWNER_FILE = 'owner.json';

/** A place for drafts beside the local copies, on their file system. */
export class WorkDirectory {
  readonly #path: string;
  #made = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(dir: string): Promise<WorkDirectory> {
    const parent = join(resolve(dir), 'work');
    await mkdir(parent, { recursive: true, mode: 0o700 });
    for (const name of await readdir(parent)) if (await isLeftover(join(parent, name))) removeTree(bytesOfPath(join(parent, name)));
    const path = join(parent, `${process.pid}-${randomBytes(8).toString('hex')}`);
    await mkdir(path, { mode: 0o700 });
    await writeFile(join(path, OWNER_FILE), JSON.stringify({ pid: process.pid, host: hostname(), atMs: Date.now() }));
    return new WorkDirectory(path);
  }

  /** Calls `fn` with an empty directory that is gone afterwards. */
  async with<T>(fn: (dir: string) => Promise<T>): Promise<T> {
    const dir = join(this.#path, String(++this.#made));
    await mkdir(dir, { mode: 0o700 });
    try {
      return await fn(dir);
    } finally {
      removeTree(bytesOfPath(dir));
    }
  }

  close(): void {
    removeTree(bytesOfPath(this.#path));
  }
}

async function isLeftover(path: string): Promise<boolean> {
  try {
    const { pid, host, atMs } = JSON.parse(await readFile(join(path, OWNER_FILE), 'utf8')) as { pid: number; host: string; atMs: number };
    if (host !== hostname()) return Date.now() - atMs > FOREIGN_LEFTOVER_MS;
    if (pid === process.pid) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // ESRCH: its process is gone. Anything else (being made just now, not ours to signal) is left alone.
    return (error as { code?: unknown }).code === 'ESRCH';
  }
}
