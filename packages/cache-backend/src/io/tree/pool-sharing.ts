import * as fs from 'node:fs';
import type { TreeNode } from '../../manifest.ts';
import { fsPath } from '../byte-path.ts';
import { unless } from '../errno.ts';
import type { Claims } from './claims.ts';
import { applyToFile } from './attributes.ts';
import { digestOf } from './copy-bytes.ts';
import { contentName, giveToPool, poolName, takeFromPool } from './pool.ts';

/** Two digits, a slash, then a digest of 64. */
const DIGEST_CLAIMED_FROM = 3 + 48;
/** Below this, cloning saves nothing. */
export const CLONE_BYTES: number = 16 * 1024;

/** Where a file of a new tree belongs in the pool. */
export interface PoolPlace {
  readonly node: TreeNode;
  readonly name: string;
}

/**
 * Shares a new tree's files with those of older trees: by hard link where content and all attributes are equal, and where
 * the file system can clone, by clone where only the content is. Two files of one tree never become one: the pool
 * counts equal files, and each takes its own.
 */
export class PoolSharing {
  readonly #pool: string;
  readonly #canReflink: boolean;
  readonly #claims: Claims;
  /** Whether the last file was in the pool: trees are new, or mostly like an older one. */
  #wasThere = false;
  readonly #gifts: [name: string, file: string, replace: boolean][] = [];

  constructor(pool: string, canReflink: boolean, claims: Claims) {
    this.#pool = pool;
    this.#canReflink = canReflink;
    this.#claims = claims;
  }

  place(node: TreeNode): PoolPlace | undefined {
    if (node.size === 0) return undefined;
    const name = poolName(node, 0);
    // The last 16 digits of its digest say as much as all of them.
    const ordinal = this.#claims.claim(name.slice(DIGEST_CLAIMED_FROM));
    if (ordinal === -1) return undefined;
    return { node, name: ordinal === 0 ? name : poolName(node, ordinal) };
  }

  /** Makes `target` a link to an equal file; otherwise remembers to offer it to the pool. */
  link(place: PoolPlace, target: string, bytes: Uint8Array): boolean {
    const taken = takeFromPool(this.#pool, place.name, target, place.node, bytes, this.#wasThere);
    this.#wasThere = taken !== 'absent';
    if (taken !== 'linked') this.#offer(place, target, taken === 'full');
    return taken === 'linked';
  }

  /** Fills an empty file with a clone of one with the same content. */
  cloneInto(place: PoolPlace, target: string, to: number): boolean {
    if (!this.#canReflink || place.node.size < CLONE_BYTES) return false;
    try {
      fs.copyFileSync(fsPath(`${this.#pool}/${contentName(place.node.digest)}`), `/proc/self/fd/${to}`, fs.constants.COPYFILE_FICLONE_FORCE);
    } catch {
      // Not there: the bytes are written instead.
      return false;
    }
    if (digestAt(target) === place.node.digest) return true;
    // It rotted in the pool; ours will take its place.
    fs.rmSync(fsPath(`${this.#pool}/${contentName(place.node.digest)}`), { force: true });
    fs.ftruncateSync(to, 0);
    return false;
  }

  /** A large file was written before its digest was known: if the pool has it, the copy gives way. */
  replaceLarge(place: PoolPlace, target: string): boolean {
    const spare = `${target}.p2p-spare`;
    try {
      fs.linkSync(fsPath(`${this.#pool}/${place.name}`), fsPath(spare));
    } catch {
      this.#offer(place, target, false);
      return this.#replaceByClone(place, target, spare);
    }
    if (digestAt(spare) === place.node.digest) {
      fs.renameSync(fsPath(spare), fsPath(target));
      return true;
    }
    fs.unlinkSync(fsPath(spare));
    this.#offer(place, target, true);
    return false;
  }

  #replaceByClone(place: PoolPlace, target: string, spare: string): boolean {
    if (!this.#canReflink) return false;
    const to = fs.openSync(fsPath(spare), 'wx', 0o600);
    let isShared = false;
    try {
      isShared = this.cloneInto(place, spare, to);
      if (isShared) applyToFile(to, place.node, -1);
    } finally {
      fs.closeSync(to);
      if (isShared) fs.renameSync(fsPath(spare), fsPath(target));
      else fs.unlinkSync(fsPath(spare));
    }
    return isShared;
  }

  #offer(place: PoolPlace, target: string, replace: boolean): void {
    this.#gifts.push([place.name, target, replace]);
    if (this.#canReflink && place.node.size >= CLONE_BYTES) this.#gifts.push([contentName(place.node.digest), target, false]);
  }

  fill(): void {
    for (const [name, file, replace] of this.#gifts) giveToPool(this.#pool, name, file, replace);
  }
}

/** Undefined for what is no file: it was planted in the pool. */
function digestAt(path: string): string | undefined {
  const fd = unless(['ELOOP', 'ENXIO'], () => fs.openSync(fsPath(path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK));
  if (fd === undefined) return undefined;
  try {
    return fs.fstatSync(fd).isFile() ? digestOf(fd).digest : undefined;
  } finally {
    fs.closeSync(fd);
  }
}
