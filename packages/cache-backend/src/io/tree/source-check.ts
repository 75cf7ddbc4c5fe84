import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import { fsPath, showPath } from '../byte-path.ts';

/** Remembers how everything looked when it was read, and looks again when all has been read. */
export class SourceCheck {
  readonly #paths: string[] = [];
  readonly #sizes: number[] = [];
  readonly #mtimes: number[] = [];
  readonly #ctimes: number[] = [];
  readonly #inodes: number[] = [];
  readonly #ignoresChange: boolean;

  /** @param ignoresChange Trees of the cache itself: links made elsewhere change their files' change time. */
  constructor(ignoresChange: boolean) {
    this.#ignoresChange = ignoresChange;
  }

  remember(path: string, stat: fs.Stats): void {
    this.#paths.push(path);
    this.#sizes.push(stat.size);
    this.#mtimes.push(stat.mtimeMs);
    this.#ctimes.push(stat.nlink === 1 || stat.isDirectory() ? stat.ctimeMs : Number.NaN);
    this.#inodes.push(stat.ino);
  }

  /** @throws CacheError CACHE_SOURCE_CHANGED that names the first difference. */
  recheck(): void {
    for (let index = 0; index < this.#paths.length; index++) {
      const path = this.#paths[index] ?? '';
      const stat = fs.lstatSync(fsPath(path), { throwIfNoEntry: false });
      const isSame =
        stat !== undefined &&
        stat.ino === this.#inodes[index] &&
        stat.mtimeMs === this.#mtimes[index] &&
        (stat.size === this.#sizes[index] || stat.isDirectory()) &&
        (this.#ignoresChange || this.#hasSameChangeTime(index, stat));
      if (!isSame) throw sourceChanged(path);
    }
  }

  /** Names given and taken elsewhere change a file's change time and nothing else: it says something of files with one name only. */
  #hasSameChangeTime(index: number, stat: fs.Stats): boolean {
    const before = this.#ctimes[index] ?? Number.NaN;
    return Number.isNaN(before) || (stat.nlink > 1 && stat.isFile()) || stat.ctimeMs === before;
  }
}

export function sourceChanged(path: string): CacheError {
  return new CacheError('CACHE_SOURCE_CHANGED', `${showPath(path)} changed while it was copied: put it again when it rests`, { path: showPath(path) });
}
