import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { fsPath, joinBytes, showPath } from '../byte-path.ts';
import { unescapeBytes } from '../../escape.ts';

/** Up to so many files are synced one by one: the whole file system may have more to write than that. */
const FEW = 8;

/**
 * Brings a container with its tree to disk. `each` syncs every file and directory. `filesystem` has the system write
 * everything of the file system once, by `sync -f` (syncfs). Linux since 5.8 reports failed writes to syncfs on a
 * descriptor that was opened after the failure too, unless another caller of syncfs was told of it before.
 */
export function syncTree(container: string, manifest: string, mode: 'each' | 'filesystem'): void {
  const lines = manifest.split('\n', FEW + 3);
  if (mode === 'filesystem' && lines.length > FEW + 2) {
    execFileSync('sync', ['-f', showPath(container)], { stdio: 'pipe' });
    return;
  }
  const directories: string[] = [];
  for (const line of manifest.split('\n').slice(1, -1)) {
    const [escaped = '', type] = line.split(' ', 2);
    const path = joinBytes(`${container}/tree`, unescapeBytes(escaped) ?? escaped);
    if (type === 'd') directories.push(path);
    if (type === 'f') syncFile(path);
  }
  for (const path of [...directories.reverse(), `${container}/manifest`, `${container}/refs`, container]) syncFile(path);
}

function syncFile(path: string): void {
  let fd: number;
  try {
    fd = fs.openSync(fsPath(path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    // A directory or file that its owner may not read: given the right for a moment, then taken back.
    if ((error as { code?: string }).code !== 'EACCES') throw error;
    const { mode } = fs.lstatSync(fsPath(path));
    fs.chmodSync(fsPath(path), 0o700);
    fd = fs.openSync(fsPath(path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    fs.fchmodSync(fd, mode & 0o7777);
  }
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

let knowsFileSystem: boolean | undefined;

/** Whether the system has a `sync -f`. Asked for a file system that has nothing to write. */
export function canSyncFileSystem(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    if (knowsFileSystem === undefined) execFileSync('sync', ['-f', '/proc'], { stdio: 'pipe' });
    knowsFileSystem = true;
  } catch {
    // Another `sync`, or none: files are synced one by one.
    knowsFileSystem = false;
  }
  return knowsFileSystem;
}
