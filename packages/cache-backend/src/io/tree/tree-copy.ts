import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import { formatNode, type TreeNode } from '../../manifest.ts';
import { fsPath, joinBytes, showPath } from '../byte-path.ts';
import { unless } from '../errno.ts';
import { step } from '../faults.ts';
import { readXattrs } from '../xattrs.ts';
import { type AttributeRules, applyToFile, applyToLink, directoryXattrs, makeRoot, nodeOf } from './attributes.ts';
import { Claims } from './claims.ts';
import { copyBytes, digestOf, readSmall, sha256, SMALL_BYTES, writeAll } from './copy-bytes.ts';
import { CLONE_BYTES, PoolSharing } from './pool-sharing.ts';
import { SourceCheck, sourceChanged } from './source-check.ts';
import { deviceNumbers, SPECIAL_NAMES, typeOf } from './special-files.ts';

/** How a tree is copied; passed between threads. Paths are bytes. */
export interface CopyOptions extends AttributeRules {
  readonly source: string;
  readonly target: string;
  readonly special: 'refuse' | 'keep';
  /** `store`: into the cache. The others make a tree for a caller. `scan`: nothing is copied, only described. */
  readonly mode: 'store' | 'copy' | 'reflink' | 'hardlink' | 'scan';
  /** Where files are shared, for `store`. */
  readonly pool: string | undefined;
  readonly canReflink: boolean;
  /** The source is a tree of this cache. */
  readonly isOwnTree: boolean;
  readonly claims: SharedArrayBuffer;
  /** Word 0: threads without work. Word 1: not 0 when the copy was given up. */
  readonly control: SharedArrayBuffer;
}

/** A directory to be copied, or some of its names. */
export interface CopyTask {
  readonly path: string;
  readonly names?: readonly string[];
}

/** What one thread did. */
export interface CopyResult {
  /** Lines of nodes; those of files with several links have `@device:inode:links` for a group. */
  readonly lines: string[];
  /** Further names of such files: group and path. */
  readonly followers: [group: string, path: string][];
  sizeBytes: number;
  allocatedBytes: number;
  sharedBytes: number;
  files: number;
}

const OPEN_FILE: number = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
const CREATE: number = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;
/** With these, what was there a moment ago is not, or is something else: a link, a socket, a directory. */
const GONE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EINVAL'];
/** Names of a directory that make one task. */
const SLICE = 256;

/** One thread's part of copying a tree. */
export class TreeCopy {
  readonly result: CopyResult = { lines: [], followers: [], sizeBytes: 0, allocatedBytes: 0, sharedBytes: 0, files: 0 };
  readonly #options: CopyOptions;
  readonly #claims: Claims;
  readonly #control: Int32Array;
  readonly #check: SourceCheck;
  readonly #sharing: PoolSharing | undefined;
  readonly #umask: number = process.umask();

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#claims = new Claims(options.claims);
    this.#control = new Int32Array(options.control);
    this.#check = new SourceCheck(options.isOwnTree);
    const { mode, pool, canReflink } = options;
    this.#sharing = mode === 'store' && pool !== undefined ? new PoolSharing(pool, canReflink, this.#claims) : undefined;
  }

  /** Works until nothing is left; hands half of it to `share` when another thread has none. */
  run(tasks: CopyTask[], share: (tasks: CopyTask[]) => void): void {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      this.#throwIfCancelled();
      if (task.names === undefined) this.#openDirectory(task.path, tasks);
      else this.#copyEntries(task.path, task.names, tasks);
      if (tasks.length > 1 && Atomics.load(this.#control, 0) > 0) share(tasks.splice(0, tasks.length >> 1));
    }
  }

  recheck(): void {
    this.#check.recheck();
  }

  /** Once everything is on disk: what is in the pool must be whole after a power cut too. */
  fillPool(): void {
    this.#sharing?.fill();
  }

  #openDirectory(path: string, tasks: CopyTask[]): void {
    const from = joinBytes(this.#options.source, path);
    const stat = fs.lstatSync(fsPath(from), { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true) throw sourceChanged(from);
    this.#check.remember(from, stat);
    if (this.#options.mode !== 'scan') {
      const to = joinBytes(this.#options.target, path);
      if (path === '.') makeRoot(to, this.#options.keepOwner);
      else fs.mkdirSync(fsPath(to), 0o700);
    }
    this.result.lines.push(formatNode({ ...nodeOf(path, 'd', stat, this.#options), xattrs: directoryXattrs(from, this.#options) }));
    const names = unless(GONE, () => fs.readdirSync(fsPath(from), { encoding: 'latin1' }));
    if (names === undefined) throw sourceChanged(from);
    if (names.length <= SLICE) {
      this.#copyEntries(path, names, tasks);
      return;
    }
    for (let at = 0; at < names.length; at += SLICE) tasks.push({ path, names: names.slice(at, at + SLICE) });
  }

  #copyEntries(directory: string, names: readonly string[], tasks: CopyTask[]): void {
    for (const name of names) this.#copyEntry(directory === '.' ? name : `${directory}/${name}`, tasks);
  }

  #copyEntry(path: string, tasks: CopyTask[]): void {
    const from = joinBytes(this.#options.source, path);
    const stat = fs.lstatSync(fsPath(from), { throwIfNoEntry: false });
    if (stat === undefined) throw sourceChanged(from);
    const type = typeOf(stat);
    if (type === 'd') {
      tasks.push({ path });
      return;
    }
    if (type === 'f') {
      // Looked at just before it is opened, whatever its directory says: what has become a FIFO or a device must not be.
      this.#copyFile(path, true);
      return;
    }
    this.#check.remember(from, stat);
    const node = nodeOf(path, type, stat, this.#options);
    if (type === 'l') this.#copyLink(node, from);
    else if (this.#options.special === 'refuse') {
      throw new CacheError('CACHE_SPECIAL_FILE', `${showPath(from)} is a ${SPECIAL_NAMES[type]}: remove it, or put with special: 'keep'`, { path: showPath(from) });
    } else this.result.lines.push(formatNode({ ...node, ...deviceNumbers(type, stat) }));
  }

  #copyLink(node: TreeNode, from: string): void {
    const target = unless(GONE, () => fs.readlinkSync(fsPath(from), { encoding: 'latin1' }));
    if (target === undefined) throw sourceChanged(from);
    const whole = { ...node, target };
    if (this.#options.mode !== 'scan') {
      const to = joinBytes(this.#options.target, node.path);
      fs.symlinkSync(fsPath(target), fsPath(to));
      applyToLink(to, whole);
    }
    this.result.lines.push(formatNode(whole));
  }

  /** Copies a name that was taken for a further one of another file, and is not. */
  copyAgain(path: string): void {
    this.#copyFile(path, false);
  }

  #copyFile(path: string, mayFollow: boolean): void {
    step('put:file');
    const from = joinBytes(this.#options.source, path);
    const fd = unless(GONE, () => fs.openSync(fsPath(from), OPEN_FILE));
    if (fd === undefined) throw sourceChanged(from);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) throw sourceChanged(from);
      this.#check.remember(from, stat);
      let group = '-';
      if (stat.nlink > 1) {
        const { dev, ino } = fs.fstatSync(fd, { bigint: true });
        group = `@${dev}:${ino}:${stat.nlink}`;
        if (mayFollow && this.#claims.claim(group) > 0) {
          this.result.followers.push([group, path]);
          return;
        }
      }
      const plain = nodeOf(path, 'f', stat, this.#options);
      const node = { ...plain, group, size: stat.size, xattrs: this.#options.xattrs ? readXattrs(fd) : plain.xattrs };
      const { digest, allocated, shared } = this.#copyContent(fd, from, node, stat);
      this.result.lines.push(formatNode({ ...node, digest }));
      this.result.files++;
      this.result.sizeBytes += stat.size;
      this.result.allocatedBytes += allocated;
      this.result.sharedBytes += shared;
    } finally {
      fs.closeSync(fd);
    }
  }

  #copyContent(fd: number, from: string, node: TreeNode, stat: fs.Stats): { digest: string; allocated: number; shared: number } {
    const { mode, canReflink } = this.#options;
    const isSparse = stat.size >= 4096 && stat.blocks * 512 < stat.size;
    const target = joinBytes(this.#options.target, node.path);
    if (mode === 'scan') {
      const { digest, size } = digestOf(fd, () => this.#throwIfCancelled());
      if (size !== stat.size) throw sourceChanged(from);
      return { digest, allocated: stat.blocks * 512, shared: 0 };
    }
    if (mode === 'hardlink') {
      fs.linkSync(fsPath(from), fsPath(target));
      return { digest: '0'.repeat(64), allocated: 0, shared: 0 };
    }
    if (stat.size <= SMALL_BYTES && !isSparse && mode !== 'reflink') return this.#copySmall(fd, from, node, target);
    const to = fs.openSync(fsPath(target), CREATE, node.mode & 0o777 & ~this.#umask);
    try {
      const isCloned = (mode === 'reflink' || (mode === 'store' && canReflink && stat.size >= CLONE_BYTES)) && this.#clone(fd, to, target, mode === 'reflink');
      // The clone is ours alone and cannot change any more, so it is the one to hash.
      const copied = isCloned ? { ...this.#digestClone(target, mode), written: 0 } : copyBytes(fd, to, isSparse, () => this.#throwIfCancelled());
      if (copied.size !== stat.size) throw sourceChanged(from);
      const whole = { ...node, digest: copied.digest };
      applyToFile(to, whole, node.mode & 0o777 & ~this.#umask);
      const allocated = isSparse ? copied.written : blocks(stat.size);
      const place = this.#sharing?.place(whole);
      const isShared = place !== undefined && this.#sharing?.replaceLarge(place, target) === true;
      return { digest: copied.digest, allocated, shared: isCloned || isShared ? allocated : 0 };
    } finally {
      fs.closeSync(to);
    }
  }

  #copySmall(fd: number, from: string, node: TreeNode, target: string): { digest: string; allocated: number; shared: number } {
    const bytes = readSmall(fd, node.size);
    if (bytes === undefined) throw sourceChanged(from);
    const whole = { ...node, digest: sha256(bytes) };
    const allocated = blocks(node.size);
    const place = this.#sharing?.place(whole);
    if (place !== undefined && this.#sharing?.link(place, target, bytes) === true) return { digest: whole.digest, allocated, shared: allocated };
    const created = node.mode & 0o777 & ~this.#umask;
    const to = fs.openSync(fsPath(target), CREATE, created);
    try {
      const isCloned = place !== undefined && this.#sharing?.cloneInto(place, target, to) === true;
      if (!isCloned) writeAll(to, bytes, 0);
      applyToFile(to, whole, created);
      return { digest: whole.digest, allocated, shared: isCloned ? allocated : 0 };
    } finally {
      fs.closeSync(to);
    }
  }

  #clone(from: number, to: number, target: string, must: boolean): boolean {
    try {
      fs.copyFileSync(`/proc/self/fd/${from}`, `/proc/self/fd/${to}`, fs.constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      if (must) throw new CacheError('CACHE_UNSUPPORTED', `${showPath(target)} cannot be cloned on this file system: materialize by copy`, { cause: error });
      return false;
    }
  }

  #digestClone(target: string, mode: CopyOptions['mode']): { digest: string; size: number } {
    const fd = fs.openSync(fsPath(target), OPEN_FILE);
    try {
      if (mode === 'reflink') return { digest: '0'.repeat(64), size: fs.fstatSync(fd).size };
      return digestOf(fd, () => this.#throwIfCancelled());
    } finally {
      fs.closeSync(fd);
    }
  }

  #throwIfCancelled(): void {
    if (Atomics.load(this.#control, 1) !== 0) throw new CacheError('CACHE_CLOSED', 'the copy was given up');
  }
}

function blocks(size: number): number {
  return Math.ceil(size / 4096) * 4096;
}
