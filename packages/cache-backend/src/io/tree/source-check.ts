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
    this.#ctimes.push(stat.ctimeMs);
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
        (this.#ignoresChange || stat.ctimeMs === this.#ctimes[index]);
      if (!isSame) throw sourceChanged(path);
    }
  }
}

export function sourceChanged(path: string): CacheError {
  return new CacheError('CACHE_SOURCE_CHANGED', `${showPath(path)} changed while it was copied: put it again when it rests`, { path: showPath(path) });
}
