import * as fs from 'node:fs';
import type { TreeNode } from '../../manifest.ts';
import { fsPath } from '../byte-path.ts';
import { NO_XATTRS, readXattrs, writeXattrs } from '../xattrs.ts';

/** Microseconds of a time in stat's milliseconds; the same rounding for what was read and what was set. */
export function microseconds(mtimeMs: number): number {
  return Math.round(mtimeMs * 1000);
}

/**
 * Node takes times in seconds, as doubles, and up to Node 22 cuts them to microseconds: the smallest double that is not
 * below the time, so that nothing is cut off it, and what it is above is rounded away by `microseconds`.
 */
export function secondsOf(mtimeUs: number): number | Date {
  // A negative number is taken for the time of day: before 1970 it takes a `Date`, of whole milliseconds.
  if (mtimeUs < 0) return new Date(Math.floor(mtimeUs / 1000));
  const seconds = mtimeUs / 1e6;
  const whole = Math.floor(seconds);
  if (seconds <= 0 || (seconds - whole) * 1e6 >= mtimeUs - whole * 1e6) return seconds;
  return seconds + 2 ** (Math.floor(Math.log2(seconds)) - 52);
}

export interface AttributeRules {
  /** False: files belong to whoever runs the cache. */
  readonly keepOwner: boolean;
  readonly xattrs: boolean;
}

/** The part of a node that comes from `stat`. */
export function nodeOf(path: string, type: TreeNode['type'], stat: fs.Stats, rules: AttributeRules): TreeNode {
  return {
    path,
    type,
    mode: stat.mode & 0o7777,
    uid: rules.keepOwner ? stat.uid : -1,
    gid: rules.keepOwner ? stat.gid : -1,
    mtimeUs: microseconds(stat.mtimeMs),
    size: 0,
    digest: '',
    group: '-',
    target: '',
    major: 0,
    minor: 0,
    xattrs: NO_XATTRS,
  };
}

/** Opens a directory without following a link, for what needs a descriptor. */
export function withDirectory<T>(path: string, fn: (fd: number) => T): T {
  const fd = fs.openSync(fsPath(path), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  try {
    return fn(fd);
  } finally {
    fs.closeSync(fd);
  }
}

export function directoryXattrs(path: string, rules: AttributeRules): TreeNode['xattrs'] {
  return rules.xattrs ? withDirectory(path, readXattrs) : NO_XATTRS;
}

/**
 * Makes the directory of a new tree. In a directory that hands its group down, what is made gets that group: the root of
 * the tree ends that, so that below it a file belongs to whoever makes it, as `applyToFile` takes for granted.
 */
export function makeRoot(path: string, keepOwner: boolean): void {
  const at = fsPath(path);
  fs.mkdirSync(at, 0o700);
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  if (!keepOwner || uid === undefined || gid === undefined) return;
  fs.lchownSync(at, uid, gid);
  fs.chmodSync(at, 0o700);
}

/** Whether a node's owner has to be set: what this process makes in a tree is its own. */
function isForeign(node: TreeNode): boolean {
  return node.uid !== -1 && (node.uid !== process.geteuid?.() || node.gid !== process.getegid?.());
}

/** Sets owner, then mode (a change of owner clears set-id bits), attributes and, last, the time. */
export function applyToFile(fd: number, node: TreeNode, created: number): void {
  if (isForeign(node)) {
    fs.fchownSync(fd, node.uid, node.gid);
    created = -1;
  }
  if (node.xattrs.length > 0) writeXattrs(fd, node.xattrs);
  if (created !== node.mode || node.xattrs.length > 0) fs.fchmodSync(fd, node.mode);
  fs.futimesSync(fd, secondsOf(node.mtimeUs), secondsOf(node.mtimeUs));
}

/** As `applyToFile`, for directories and special files, by path. */
export function applyToPath(path: string, node: TreeNode): void {
  const at = fsPath(path);
  if (isForeign(node)) fs.lchownSync(at, node.uid, node.gid);
  if (node.type === 'd' && node.xattrs.length > 0) withDirectory(path, (fd) => writeXattrs(fd, node.xattrs));
  fs.chmodSync(at, node.mode);
  fs.utimesSync(at, secondsOf(node.mtimeUs), secondsOf(node.mtimeUs));
}

/** As `applyToFile`, for symbolic links, which have no mode of their own. */
export function applyToLink(path: string, node: TreeNode): void {
  const at = fsPath(path);
  if (isForeign(node)) fs.lchownSync(at, node.uid, node.gid);
  fs.lutimesSync(at, secondsOf(node.mtimeUs), secondsOf(node.mtimeUs));
}
