import { chmodSync, closeSync, constants, fchmodSync, ftruncateSync, futimesSync, linkSync, lutimesSync, mkdirSync, openSync, symlinkSync, utimesSync, writeSync } from 'node:fs';
import type { BlockId } from '../core/block.ts';
import { SET_ID_BITS } from '../core/manifest-format.ts';
import type { DirectoryEntry, FileEntry, TreeEntry } from '../core/tree.ts';
import { joinPath } from './path-bytes.ts';

export interface WriteTreeOptions {
  readonly bytesOf: (id: BlockId) => Uint8Array;
  /** Keep set-id bits: programs that run with the rights of whoever fetched them. */
  readonly setId: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (entries: number) => void;
}

/**
 * Writes a tree into an empty directory of the caller's. Names are single components that were checked by the
 * decoder, and everything is created, never opened: nothing outside can be reached.
 */
export async function writeTree(root: DirectoryEntry, directory: string, options: WriteTreeOptions): Promise<void> {
  await new TreeWriter(options).directory(Buffer.from(directory), root, true);
}

class TreeWriter {
  readonly #options: WriteTreeOptions;
  /** Paths of the files, in the order of the manifest: hardlinks name them by their number. */
  readonly #files: Buffer[] = [];
  #entries = 0;

  constructor(options: WriteTreeOptions) {
    this.#options = options;
  }

  async directory(path: Buffer, { mode, mtimeMs, children }: DirectoryEntry, exists = false): Promise<void> {
    // Written to before it may become read-only.
    if (exists) chmodSync(path, 0o700);
    else mkdirSync(path, { mode: 0o700 });
    for (const child of children) await this.#entry(joinPath(path, child.name), child);
    chmodSync(path, this.#mode(mode));
    const time = timeOf(mtimeMs);
    utimesSync(path, time, time);
  }

  async #entry(path: Buffer, entry: TreeEntry): Promise<void> {
    const { signal, onProgress } = this.#options;
    this.#entries += 1;
    if (this.#entries % 64 === 0) {
      onProgress(this.#entries);
      await new Promise((resolve) => setImmediate(resolve));
    }
    signal.throwIfAborted();
    switch (entry.type) {
      case 'directory':
        return await this.directory(path, entry);
      case 'file':
        return this.#file(path, entry);
      case 'symlink': {
        symlinkSync(Buffer.from(entry.target), path);
        const time = timeOf(entry.mtimeMs);
        return lutimesSync(path, time, time);
      }
      case 'hardlink':
        return linkSync(this.#files[entry.file]!, path);
    }
  }

  #file(path: Buffer, { mode, mtimeMs, size, extents }: FileEntry): void {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
    try {
      ftruncateSync(file, size);
      let position = 0;
      for (const { block, offset, length } of extents) {
        const bytes = this.#options.bytesOf(block).subarray(offset, offset + length);
        // Zeros are there already, as a hole.
        if (bytes.some((byte) => byte !== 0)) {
          for (let done = 0; done < length; ) done += writeSync(file, bytes, done, length - done, position + done);
        }
        position += length;
      }
      fchmodSync(file, this.#mode(mode));
      const time = timeOf(mtimeMs);
      futimesSync(file, time, time);
    } finally {
      closeSync(file);
    }
    this.#files.push(path);
  }

  #mode(mode: number): number {
    return this.#options.setId ? mode : mode & ~SET_ID_BITS;
  }
}

/**
 * A time for `utimes`. Two microseconds more than it says, since seconds as a number are rounded, downwards by some
 * versions of Node, and must not fall below the millisecond, not when a copy is made either. Before 1970 only a `Date` is taken.
 */
function timeOf(timeMs: number): number | Date {
  return timeMs < 0 ? new Date(timeMs) : (timeMs + 0.002) / 1000;
}
