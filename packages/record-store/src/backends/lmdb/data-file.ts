import { open, type FileHandle } from 'node:fs/promises';
import { readMeta, type Meta } from './page-format.ts';

const METAS = 2;
const HEADER_BYTES = 192;
/** A file may end before its last pages where those are free; so many of them, or as many as it has, may be missing. */
const MISSING_PAGES = 262_144;
/** Of the 2 ** 47 that a process can have. */
const MOST_MAPPED_BYTES = 2 ** 44;

/** An LMDB data file, read by pages and without LMDB, which trusts what it maps. */
export class DataFile implements AsyncDisposable {
  readonly meta: Meta;
  /** Whole pages that the file has. */
  readonly pageCount: number;
  /** The last one that counts. The file may end before it. */
  readonly lastPage: number;
  /** It says that it has more than it can have: LMDB could not map that, and ends the process. */
  readonly exaggerates: boolean;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, meta: Meta, sizeBytes: number) {
    this.#handle = handle;
    this.meta = meta;
    this.pageCount = Math.floor(sizeBytes / meta.pageBytes);
    const most = 2 * this.pageCount + MISSING_PAGES;
    this.exaggerates = meta.lastPage > most || meta.mapBytes > MOST_MAPPED_BYTES;
    this.lastPage = meta.lastPage > most ? this.pageCount - 1 : meta.lastPage;
  }

  /** Undefined when its first pages do not say that it is such a file. Rejects with the file system's errors. */
  static async open(path: string): Promise<DataFile | undefined> {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const meta = await latestMeta(handle);
      if (meta !== undefined) return new DataFile(handle, meta, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  /** Reads `into.length` bytes from the start of page `page`; false where the file ends before. */
  async read(page: number, into: Uint8Array): Promise<boolean> {
    let at = 0;
    while (at < into.length) {
      const { bytesRead } = await this.#handle.read(into, at, into.length - at, page * this.meta.pageBytes + at);
      if (bytesRead === 0) return false;
      at += bytesRead;
    }
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

/** The newer one. Both must be whole: a meta page is written at once, so a crash does not damage it. */
async function latestMeta(handle: FileHandle): Promise<Meta | undefined> {
  const first = await metaAt(handle, 0);
  if (first === undefined) return undefined;
  let latest = first;
  for (let at = 1; at < METAS; at++) {
    const meta = await metaAt(handle, at * first.pageBytes);
    if (meta === undefined) return undefined;
    if (meta.transaction > latest.transaction) latest = meta;
  }
  return latest;
}

async function metaAt(handle: FileHandle, offset: number): Promise<Meta | undefined> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, HEADER_BYTES, offset);
  return bytesRead < HEADER_BYTES ? undefined : readMeta(bytes);
}
