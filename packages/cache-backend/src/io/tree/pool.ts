import * as fs from 'node:fs';
import type { TreeNode } from '../../manifest.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { microseconds } from './attributes.ts';
import { hasBytes, sha256, SMALL_BYTES } from './copy-bytes.ts';

/** Name in the pool of a file with this content and these attributes; `ordinal` counts its likes in one tree. */
export function poolName(node: TreeNode, ordinal: number): string {
  const owner = node.uid === -1 ? '' : `${node.uid}.${node.gid}`;
  const xattrs = node.xattrs.length === 0 ? '' : sha256(JSON.stringify(node.xattrs)).slice(0, 16);
  return `${node.digest.slice(0, 2)}/${node.digest}.${node.mode.toString(8)}.${node.mtimeUs.toString(36)}.${owner}.${xattrs}.${ordinal}`;
}

/** Name in the pool of any file with this content, to clone from. */
export function contentName(digest: string): string {
  return `${digest.slice(0, 2)}/${digest}`;
}

/** Codes with which a link from the pool may fail without harm: it is not there, has too many links, may not be linked. */
const NO_LINK = new Set(['ENOENT', 'EMLINK', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV']);

const scratch: Buffer = Buffer.allocUnsafe(SMALL_BYTES + 1);

export type Taken = 'linked' | 'absent' | 'full';

/**
 * Links a file of the pool to `target` if it is what it should be: bytes are compared, so that a file that rotted in the
 * pool is thrown out instead of spreading.
 *
 * @param isLikely Whether the pool probably has it. An error costs three times what the question does, and the question a
 * ninth of what a shared file costs: so files that are probably new are asked about first, others are not.
 */
export function takeFromPool(pool: string, name: string, target: string, node: TreeNode, bytes: Uint8Array, isLikely: boolean): Taken {
  const from = fsPath(`${pool}/${name}`);
  const to = fsPath(target);
  if (!isLikely && !fs.existsSync(from)) return 'absent';
  try {
    step('pool:link');
    fs.linkSync(from, to);
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (!NO_LINK.has(code)) throw error;
    return code === 'EMLINK' ? 'full' : 'absent';
  }
  if (isAsExpected(to, node, bytes)) return 'linked';
  fs.unlinkSync(to);
  fs.rmSync(from, { force: true });
  return 'absent';
}

function isAsExpected(path: string | Buffer, node: TreeNode, bytes: Uint8Array): boolean {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch {
    // A link or unreadable: not ours. What cannot be read is written anew.
    return false;
  }
  try {
    const stat = fs.fstatSync(fd);
    return (
      stat.isFile() &&
      (stat.mode & 0o7777) === node.mode &&
      microseconds(stat.mtimeMs) === node.mtimeUs &&
      (node.uid === -1 || (stat.uid === node.uid && stat.gid === node.gid)) &&
      stat.size === bytes.length &&
      hasBytes(fd, bytes, scratch)
    );
  } finally {
    fs.closeSync(fd);
  }
}

/** Puts a file that is on disk into the pool. What is there already stays, unless it can take no more links. */
export function giveToPool(pool: string, name: string, file: string, replace: boolean): void {
  const to = `${pool}/${name}`;
  try {
    if (replace) fs.rmSync(fsPath(to), { force: true });
    fs.linkSync(fsPath(file), fsPath(to));
  } catch (error) {
    // The pool only saves room: whatever keeps a file out of it does no harm.
    if (!NO_LINK.has(errnoOf(error) ?? '') && errnoOf(error) !== 'EEXIST' && errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EDQUOT') throw error;
  }
}

/** Takes the names of a file that is about to go out of the pool, if only the pool would hold it afterwards. */
export function dropFromPool(pool: string, node: TreeNode, stat: fs.Stats, ownLinks: number): void {
  let left = stat.nlink - ownLinks;
  const names = [contentName(node.digest), ...Array.from({ length: 8 }, (_, ordinal) => poolName(node, ordinal))];
  const found: string[] = [];
  for (const name of names) {
    if (found.length >= left) break;
    const path = `${pool}/${name}`;
    const other = fs.lstatSync(fsPath(path), { throwIfNoEntry: false });
    if (other?.ino === stat.ino && other.dev === stat.dev) found.push(path);
  }
  left -= found.length;
  if (left > 0) return;
  for (const path of found) fs.rmSync(fsPath(path), { force: true });
}
