import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { toCacheError } from '../../errors.ts';
import { errnoOf } from '../../io/errno.ts';
import { BLOB_NAME, type BlobSource, type BlobState, type BlobStore } from '../remote/blob-store.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
const SHARD = /^[0-9a-f]{2}$/;

/** Bytes on a file system that all machines mount, such as NFS. Needs no locks of it: files appear by rename, whole. */
export class SharedDirectoryBlobs implements BlobStore {
  readonly #dir: string;
  /** Its clock less ours. */
  #offsetMs = 0;

  private constructor(dir: string) {
    this.#dir = resolve(dir);
  }

  /** Makes the directory if need be. @throws CacheError of the file system */
  static async open(dir: string): Promise<SharedDirectoryBlobs> {
    const blobs = new SharedDirectoryBlobs(dir);
    await wrap('cannot open the shared directory', async () => {
      for (const name of ['blobs', 'tmp']) await fs.mkdir(join(blobs.#dir, name), { recursive: true, mode: 0o700 });
      // A file server has a clock of its own; ages are told by it.
      const probe = blobs.#draft();
      await fs.writeFile(probe, '');
      blobs.#offsetMs = (await fs.stat(probe)).mtimeMs - Date.now();
      await fs.rm(probe);
    });
    return blobs;
  }

  async stat(digest: string): Promise<BlobState | undefined> {
    return await wrap('cannot look at a blob', async () => {
      try {
        const stat = await fs.lstat(this.#path(digest));
        // Anything but a file was not put there by us, and would not be read.
        return stat.isFile() ? { digest, sizeBytes: stat.size, ageMs: this.#age(stat.mtimeMs) } : undefined;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  async write(digest: string, source: BlobSource, signal?: AbortSignal): Promise<void> {
    await wrap('cannot write a blob', async () => {
      const draft = this.#draft();
      try {
        const file = await fs.open(draft, 'wx', 0o600);
        try {
          for (let at = 0; at < source.sizeBytes; at += PIECE_BYTES) {
            signal?.throwIfAborted();
            await file.writeFile(await source.read(at, Math.min(PIECE_BYTES, source.sizeBytes - at)));
          }
          await file.sync();
        } finally {
          await file.close();
        }
        const place = this.#path(digest);
        await fs.mkdir(dirname(place), { recursive: true, mode: 0o700 });
        const there = await fs.lstat(place).catch(() => undefined);
        // Planted there: a file cannot be renamed over it.
        if (there?.isDirectory() === true) await fs.rm(place, { recursive: true });
        await fs.rename(draft, place);
      } catch (error) {
        await fs.rm(draft, { force: true });
        throw error;
      }
    });
  }

  async renew(digest: string): Promise<boolean> {
    return await wrap('cannot renew a blob', async () => {
      const now = (Date.now() + this.#offsetMs) / 1000;
      try {
        await fs.utimes(this.#path(digest), now, now);
        return true;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return false;
        throw error;
      }
    });
  }

  async read(digest: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    return await wrap('cannot read a blob', async () => {
      try {
        const file = await fs.open(this.#path(digest), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
        if ((await file.stat()).isFile()) return createReadStream('', { fd: file, highWaterMark: 256 * 1024, ...(signal === undefined ? {} : { signal }) });
        await file.close();
        return undefined;
      } catch (error) {
        // ELOOP: a link was planted there.
        if (['ENOENT', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return undefined;
        throw error;
      }
    });
  }

  async *list(): AsyncGenerator<BlobState> {
    for (const shard of await wrap('cannot list blobs', () => fs.readdir(join(this.#dir, 'blobs')))) {
      if (!SHARD.test(shard)) continue;
      for (const digest of await wrap('cannot list blobs', () => fs.readdir(join(this.#dir, 'blobs', shard)))) {
        if (!BLOB_NAME.test(digest)) continue;
        const state = await this.stat(digest);
        if (state !== undefined) yield state;
      }
    }
  }

  async remove(digest: string): Promise<void> {
    await wrap('cannot remove a blob', () => fs.rm(this.#path(digest), { force: true, recursive: true }));
  }

  async dropUnfinished(olderThanMs: number): Promise<number> {
    return await wrap('cannot remove drafts', async () => {
      let dropped = 0;
      for (const name of await fs.readdir(join(this.#dir, 'tmp'))) {
        const path = join(this.#dir, 'tmp', name);
        const stat = await fs.lstat(path).catch(() => undefined);
        if (stat === undefined || this.#age(stat.mtimeMs) <= olderThanMs) continue;
        await fs.rm(path, { force: true });
        dropped++;
      }
      return dropped;
    });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await wrap('cannot ask for free space', () => fs.statfs(this.#dir));
    return bavail * bsize;
  }

  #path(digest: string): string {
    if (!BLOB_NAME.test(digest)) throw new TypeError(`${digest} names no blob`);
    return join(this.#dir, 'blobs', digest.slice(0, 2), digest);
  }

  #draft(): string {
    return join(this.#dir, 'tmp', randomBytes(12).toString('hex'));
  }

  #age(mtimeMs: number): number {
    return Date.now() + this.#offsetMs - mtimeMs;
  }
}

async function wrap<T>(doing: string, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw toCacheError(error, doing);
  }
}
