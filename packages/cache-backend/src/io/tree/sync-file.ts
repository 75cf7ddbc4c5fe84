import * as fs from 'node:fs';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';

const OPEN: number = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** Brings a file or directory to disk by `sync`, also one that its owner may not read: given the right for a moment, which is then taken back. */
export async function syncFile(path: string, sync: (fd: number) => void | Promise<void>): Promise<void> {
  const at = fsPath(path);
  let mode: number | undefined;
  let fd: number;
  try {
    fd = fs.openSync(at, OPEN);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    mode = fs.lstatSync(at).mode & 0o7777;
    fs.chmodSync(at, 0o700);
    fd = fs.openSync(at, OPEN);
  }
  try {
    if (mode !== undefined) fs.fchmodSync(fd, mode);
    await sync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
