import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { codeOf } from '../../cli/app-error.ts';
import { compareBytes } from '../core/byte-order.ts';
import { LIMITS } from '../core/limits.ts';
import { MODE_BITS } from '../core/manifest-format.ts';
import { shownBytes } from '../core/names.ts';
import { PublishError } from '../core/publish-error.ts';
import type { SourceDirectory, SourceEntry } from '../core/source-tree.ts';
import { joinPath } from './path-bytes.ts';

/** A regular file to read, and by what a change of it shows. */
export interface SourceFile {
  readonly path: Buffer;
  readonly size: number;
  readonly identity: FileIdentity;
}

export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export interface WalkedTree {
  readonly root: SourceDirectory;
  /** In the order of the manifest. */
  readonly files: readonly SourceFile[];
}

/**
 * Looks at a whole tree; nothing is opened, symbolic links below the root are not followed.
 * @param secrets files and directories that must not be in it, under whatever name
 * @throws PublishError PUBLISH_BAD_SOURCE for what is no file, directory or symbolic link, for a secret, and for what cannot be read; `signal.reason`
 */
export async function walkTree(directory: string, signal: AbortSignal, secrets: readonly string[] = []): Promise<WalkedTree> {
  const path = Buffer.from(directory);
  const info = await reading(path, () => stat(path, { bigint: true }));
  if (!info.isDirectory()) throw new PublishError('PUBLISH_BAD_SOURCE', `${directory} is no directory`);
  const walk = new Walk(signal, await inodesOf(secrets));
  walk.assertNoSecret(path, info);
  return { root: await walk.directory(path, new Uint8Array(0), info, 0), files: walk.files };
}

class Walk {
  readonly files: SourceFile[] = [];
  readonly #signal: AbortSignal;
  /** Of files with several names: which of the files they are. */
  readonly #linked = new Map<string, number>();
  readonly #secrets: ReadonlySet<string>;
  #entries = 0;

  constructor(signal: AbortSignal, secrets: ReadonlySet<string>) {
    this.#signal = signal;
    this.#secrets = secrets;
  }

  assertNoSecret(path: Buffer, info: BigIntStats): void {
    if (!this.#secrets.has(inodeOf(info))) return;
    throw new PublishError('PUBLISH_BAD_SOURCE', `${shownBytes(path)} is where this program keeps its private key: everybody could read it. Publish a directory without it`);
  }

  async directory(path: Buffer, name: Uint8Array, info: BigIntStats, depth: number): Promise<SourceDirectory> {
    if (depth > LIMITS.depth) throw new PublishError('PUBLISH_TOO_LARGE', `${shownBytes(path)}: directories are nested deeper than ${LIMITS.depth}`);
    const names = await reading(path, () => readdir(path, { encoding: 'buffer' }));
    const children: SourceEntry[] = [];
    for (const child of names.toSorted(compareBytes)) {
      this.#signal.throwIfAborted();
      children.push(await this.#entry(joinPath(path, child), Uint8Array.from(child), depth + 1));
    }
    return { type: 'directory', name, mode: modeOf(info), mtimeMs: mtimeOf(info), children };
  }

  async #entry(path: Buffer, name: Uint8Array, depth: number): Promise<SourceEntry> {
    this.#entries += 1;
    if (this.#entries > LIMITS.entries) throw new PublishError('PUBLISH_TOO_LARGE', `the tree has more than ${LIMITS.entries} entries: publish it in parts`);
    const info = await reading(path, () => lstat(path, { bigint: true }));
    this.assertNoSecret(path, info);
    if (info.isDirectory()) return await this.directory(path, name, info, depth);
    if (info.isSymbolicLink()) {
      const target = await reading(path, () => readlink(path, { encoding: 'buffer' }));
      return { type: 'symlink', name, mtimeMs: mtimeOf(info), target: Uint8Array.from(target) };
    }
    if (info.isFile()) return this.#file(path, name, info);
    throw new PublishError('PUBLISH_BAD_SOURCE', `${shownBytes(path)} is no file, directory or symbolic link: leave it out of what is published`);
  }

  #file(path: Buffer, name: Uint8Array, info: BigIntStats): SourceEntry {
    const inode = inodeOf(info);
    const file = info.nlink > 1n ? this.#linked.get(inode) : undefined;
    if (file !== undefined) return { type: 'hardlink', name, file };
    if (info.nlink > 1n) this.#linked.set(inode, this.files.length);
    const { dev, ino, size, mtimeNs } = info;
    this.files.push({ path, size: Number(size), identity: { dev, ino, size, mtimeNs } });
    return { type: 'file', name, mode: modeOf(info), mtimeMs: mtimeOf(info), size: Number(size) };
  }
}

function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** What paths lead to, as far as they lead to something. */
async function inodesOf(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const inodes = new Set<string>();
  for (const path of paths) {
    try {
      inodes.add(inodeOf(await stat(path, { bigint: true })));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return inodes;
}

function modeOf(info: BigIntStats): number {
  return Number(info.mode) & MODE_BITS;
}

/** Whole milliseconds, downwards, also before 1970. */
function mtimeOf({ mtimeNs }: BigIntStats): number {
  const ms = mtimeNs / 1_000_000n;
  return Number(mtimeNs < 0n && ms * 1_000_000n !== mtimeNs ? ms - 1n : ms);
}

async function reading<T>(path: Buffer, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new PublishError('PUBLISH_BAD_SOURCE', `cannot read ${shownBytes(path)}: ${(error as Error).message}`, { cause: error });
  }
}
