import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { formatPointer, MAX_POINTER_BYTES, parsePointer, type Pointer } from '../../pointer.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { microseconds, secondsOf } from '../tree/attributes.ts';
import { sha256 } from '../tree/copy-bytes.ts';
import { hashKey, type Layout, syncDirectory } from './layout.ts';

/** How far ahead another process's clock may be for its accesses to count as later than ours. */
const MAX_AHEAD_US = 3_600_000_000;

/** A pointer and when its entry was last accessed, in microseconds: milliseconds and a sequence number. */
export interface Found {
  readonly pointer: Pointer;
  readonly accessedUs: number;
}

/**
 * The files of the index. Their modification time is the time of the last access: a touch changes nothing else, so it can
 * bring back nothing that was removed.
 */
export class Pointers {
  readonly #layout: Layout;
  readonly #owner: string;
  readonly #pending = new Map<string, number>();
  #lastUs = 0;

  constructor(layout: Layout, owner: string) {
    this.#layout = layout;
    this.#owner = owner;
  }

  /** The pointer of a key's hash; undefined when there is none, `corrupt` for a file that is none. */
  read(hash: string): Found | 'corrupt' | undefined {
    return this.#readAt(this.#layout.pointer(hash), hash);
  }

  /** Writes a pointer in place of what is there, or with `ifAbsent` only where nothing is; false when something was. */
  write(hash: string, pointer: Pointer, ifAbsent: boolean): boolean {
    const path = this.#layout.pointer(hash);
    const draft = this.#layout.at('tmp', this.#owner, `pointer-${randomBytes(6).toString('hex')}`);
    const fd = fs.openSync(fsPath(draft), 'wx', 0o600);
    try {
      try {
        fs.writeFileSync(fd, formatPointer(pointer, sha256));
        const now = secondsOf(this.#nextUs());
        fs.futimesSync(fd, now, now);
        step('put:pointer-written');
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      step('put:pointer-synced');
      // A touch of the old entry must not make the new one look older than it is.
      this.#pending.delete(hash);
      if (ifAbsent) fs.linkSync(fsPath(draft), fsPath(path));
      else fs.renameSync(fsPath(draft), fsPath(path));
    } catch (error) {
      fs.rmSync(fsPath(draft), { force: true });
      if (ifAbsent && errnoOf(error) === 'EEXIST') return false;
      throw error;
    }
    if (ifAbsent) fs.rmSync(fsPath(draft), { force: true });
    step('put:pointer-renamed');
    syncDirectory(path.slice(0, path.lastIndexOf('/')));
    return true;
  }

  /** False when there was none, also when another process removed it a moment before. */
  remove(hash: string): boolean {
    this.#pending.delete(hash);
    try {
      fs.unlinkSync(fsPath(this.#layout.pointer(hash)));
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT') return false;
      if (code !== 'EISDIR' && code !== 'EPERM') throw error;
      // Something that is no file was put there.
      fs.rmSync(fsPath(this.#layout.pointer(hash)), { recursive: true, force: true });
      return true;
    }
  }

  /** Removes the pointer of a key's hash without a lock, and returns the very one that went, whoever wrote it a moment before. */
  take(hash: string): Found | 'corrupt' | undefined {
    const aside = this.#layout.at('tmp', this.#owner, `taken-${randomBytes(6).toString('hex')}`);
    try {
      fs.renameSync(fsPath(this.#layout.pointer(hash)), fsPath(aside));
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT') return undefined;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      // No room for a name elsewhere: what goes may then be a newer one than what was read.
      const last = this.read(hash);
      return this.remove(hash) ? (last ?? 'corrupt') : undefined;
    }
    const taken = this.#readAt(aside, hash);
    this.#pending.delete(hash);
    // Something that is no file may have been put there.
    fs.rmSync(fsPath(aside), { recursive: true, force: true });
    return taken ?? 'corrupt';
  }

  /** Notes an access; `flush` writes it down. */
  touch(hash: string): void {
    this.#pending.set(hash, this.#nextUs());
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Writes down the accesses since the last time, each entry's last one. */
  flush(): void {
    for (const [hash, accessedUs] of this.#pending) {
      step('touch:one');
      const path = fsPath(this.#layout.pointer(hash));
      const at = secondsOf(accessedUs);
      try {
        // Another process may have noted a later one.
        if (microseconds(fs.lstatSync(path).mtimeMs) < accessedUs) fs.lutimesSync(path, at, at);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    this.#pending.clear();
  }

  /** Hashes in one two-digit directory of the index. */
  hashesIn(shard: string): string[] {
    return fs.readdirSync(fsPath(this.#layout.at('keys', shard)), { encoding: 'latin1' }).filter((name) => /^[0-9a-f]{64}$/.test(name));
  }

  #readAt(path: string, hash: string): Found | 'corrupt' | undefined {
    let fd: number;
    try {
      fd = fs.openSync(fsPath(path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT') return undefined;
      if (code === 'ELOOP' || code === 'ENXIO') return 'corrupt';
      throw error;
    }
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile() || stat.size > MAX_POINTER_BYTES) return 'corrupt';
      const pointer = parsePointer(fs.readFileSync(fd, 'utf8'), sha256);
      // A pointer that was put under another key's name would serve one key's tree for another.
      if (pointer === undefined || !isKeyOf(pointer.key, hash)) return 'corrupt';
      const storedUs = microseconds(stat.mtimeMs);
      if (storedUs < Date.now() * 1000 + MAX_AHEAD_US) this.#lastUs = Math.max(this.#lastUs, storedUs);
      return { pointer, accessedUs: Math.max(storedUs, this.#pending.get(hash) ?? 0) };
    } finally {
      fs.closeSync(fd);
    }
  }

  #nextUs(): number {
    this.#lastUs = Math.max(Date.now() * 1000, this.#lastUs + 1);
    return this.#lastUs;
  }
}

function isKeyOf(key: string, hash: string): boolean {
  try {
    return hashKey(key) === hash;
  } catch {
    // Not even a possible key.
    return false;
  }
}
