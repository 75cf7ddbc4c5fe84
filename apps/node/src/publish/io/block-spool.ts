import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../cli/app-error.ts';
import { blockIdOf, type BlockId } from '../core/block.ts';
import { MAX_BLOCK_BYTES } from '../core/limits.ts';

const LENGTH_BYTES = 2;
const WINDOW_BYTES = 1024 * 1024;
/** Blocks that are collected before they are written. */
const BUFFER_BYTES = 256 * 1024;

interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * The blocks that have been fetched so far, in one file: an interrupted fetch goes on where it was. Each block
 * is found again by its hash, so what is damaged or cut short is merely fetched again.
 */
export class BlockSpool implements Disposable {
  readonly #path: string;
  readonly #file: number;
  readonly #places = new Map<BlockId, Place>();
  #end = 0;
  #buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;

  /** Opens a spool or begins one. One process at a time: the caller sees to it. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#path = path;
    this.#file = openOwn(path);
    this.#restore();
  }

  /** Blocks that are there. */
  get size(): number {
    return this.#places.size;
  }

  has(id: BlockId): boolean {
    return this.#places.has(id);
  }

  /** Keeps a block that has been checked. */
  add(id: BlockId, bytes: Uint8Array): void {
    if (this.#places.has(id)) return;
    if (this.#buffered + LENGTH_BYTES + bytes.length > BUFFER_BYTES) this.flush();
    this.#buffer[this.#buffered] = bytes.length & 255;
    this.#buffer[this.#buffered + 1] = bytes.length >>> 8;
    this.#buffer.set(bytes, this.#buffered + LENGTH_BYTES);
    this.#places.set(id, { offset: this.#end + this.#buffered + LENGTH_BYTES, length: bytes.length });
    this.#buffered += LENGTH_BYTES + bytes.length;
  }

  /** The bytes of a block that is there; a disk that gives back other bytes is an error. */
  get(id: BlockId): Uint8Array {
    const place = this.#places.get(id);
    if (place === undefined) throw new TypeError(`the block ${id} has not been fetched`);
    const { offset, length } = place;
    if (offset >= this.#end) return this.#buffer.slice(offset - this.#end, offset - this.#end + length);
    const bytes = new Uint8Array(length);
    readFully(this.#file, bytes, offset);
    if (blockIdOf(bytes) !== id) throw new Error(`${this.#path} gives back other bytes than were written to it: is the disk damaged?`);
    return bytes;
  }

  flush(): void {
    for (let written = 0; written < this.#buffered; ) written += writeSync(this.#file, this.#buffer, written, this.#buffered - written);
    this.#end += this.#buffered;
    this.#buffered = 0;
  }

  /** Closes it and keeps what is there for the next try. */
  [Symbol.dispose](): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }

  #restore(): void {
    const window = new Uint8Array(WINDOW_BYTES);
    for (;;) {
      const count = readSync(this.#file, window, 0, window.length, this.#end);
      let at = 0;
      for (;;) {
        const length = at + LENGTH_BYTES <= count ? window[at]! | (window[at + 1]! << 8) : 0;
        if (length === 0 || length > MAX_BLOCK_BYTES || at + LENGTH_BYTES + length > count) break;
        const bytes = window.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
        this.#places.set(blockIdOf(bytes), { offset: this.#end + at + LENGTH_BYTES, length });
        at += LENGTH_BYTES + length;
      }
      if (at === 0) break;
      this.#end += at;
    }
    ftruncateSync(this.#file, this.#end);
  }
}

const APPEND: number = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Opens a file that has this name only, or makes one: anything else in its place gives way, and nothing is written through a link. */
function openOwn(path: string): number {
  let file: number;
  try {
    file = openSync(path, APPEND, 0o600);
  } catch (error) {
    // A link, a directory, a socket.
    if (!['ELOOP', 'EMLINK', 'EISDIR', 'ENXIO'].includes(codeOf(error) ?? '')) throw error;
    return replace(path);
  }
  const info = fstatSync(file);
  if (info.isFile() && info.nlink === 1) return file;
  closeSync(file);
  return replace(path);
}

function replace(path: string): number {
  rmSync(path, { recursive: true, force: true });
  return openSync(path, APPEND | constants.O_EXCL, 0o600);
}

function readFully(file: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, bytes.length - done, offset + done);
    if (count === 0) throw new Error('a file ended too early');
    done += count;
  }
}
