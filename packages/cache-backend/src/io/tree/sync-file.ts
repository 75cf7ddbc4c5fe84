import * as fs from 'node:fs';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';

const OPEN: number = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** Brings a file or directory to disk by `sync`. False for one that its owner may not read: that takes `syncLocked`. */
export async function syncFile(path: string, sync: (fd: number) => void | Promise<void>): Promise<boolean> {
  let fd: number;
  try {
    fd = fs.openSync(fsPath(path), OPEN);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    return false;
  }
  try {
    await sync(fd);
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

/** The same for one that its owner may not read: given the right for a moment, which is then taken back. One at a time: two names may be one file. */
export function syncLocked(path: string): void {
  const at = fsPath(path);
  const mode = fs.lstatSync(at).mode & 0o7777;
  fs.chmodSync(at, 0o700);
  const fd = fs.openSync(at, OPEN);
  try {
    fs.fchmodSync(fd, mode);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
