import { createHash, hash } from 'node:crypto';
import * as fs from 'node:fs';

/** Files up to this size are read whole before anything is written. */
export const SMALL_BYTES: number = 256 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const BLOCK_BYTES = 4096;

const chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}

/** All bytes of a small file, in memory that the next call uses again; undefined when it is not as long as was said. */
export function readSmall(fd: number, size: number): Buffer | undefined {
  return readWhole(fd, size, chunk) === size ? chunk.subarray(0, size) : undefined;
}

/** Reads up to one byte more than expected, so that a file that grew is noticed. */
function readWhole(fd: number, expected: number, into: Buffer): number {
  let filled = 0;
  while (filled <= expected) {
    const read = fs.readSync(fd, into, filled, expected + 1 - filled, filled);
    filled += read;
    // A regular file gives less than was asked for at its end only; the next read settles it where a signal came in between.
    if (read === 0 || filled === expected) break;
  }
  return filled;
}

/** Whether an open file has exactly these bytes. */
export function hasBytes(fd: number, bytes: Uint8Array, scratch: Buffer): boolean {
  const filled = readWhole(fd, bytes.length, scratch);
  return filled === bytes.length && Buffer.compare(scratch.subarray(0, filled), bytes) === 0;
}

/** SHA-256 of an open file and its length. */
export function digestOf(fd: number, isCancelled: () => void = () => {}): { digest: string; size: number } {
  const hasher = createHash('sha256');
  let position = 0;
  for (;;) {
    isCancelled();
    const read = fs.readSync(fd, chunk, 0, CHUNK_BYTES, position);
    if (read === 0) return { digest: hasher.digest('hex'), size: position };
    hasher.update(chunk.subarray(0, read));
    position += read;
  }
}

/**
 * Copies and hashes in one pass. With `holes`, blocks of zeros are left out, so that the copy takes no more room than the
 * original. Returns what was written and how much of it takes room.
 */
export function copyBytes(from: number, to: number, holes: boolean, isCancelled: () => void): { digest: string; size: number; written: number } {
  const hasher = createHash('sha256');
  let position = 0;
  let written = 0;
  for (;;) {
    isCancelled();
    const read = fs.readSync(from, chunk, 0, CHUNK_BYTES, position);
    if (read === 0) break;
    const bytes = chunk.subarray(0, read);
    hasher.update(bytes);
    if (holes) written += writeAroundHoles(to, bytes, position);
    else {
      writeAll(to, bytes, position);
      written += read;
    }
    position += read;
  }
  if (holes) fs.ftruncateSync(to, position);
  return { digest: hasher.digest('hex'), size: position, written };
}

export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
}

const ZEROS: Buffer = Buffer.alloc(BLOCK_BYTES);

function writeAroundHoles(fd: number, bytes: Buffer, position: number): number {
  let written = 0;
  let start = -1;
  for (let at = 0; at <= bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const isHole = block.length === 0 || block.equals(block.length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, block.length));
    if (!isHole && start === -1) start = at;
    if ((isHole || at + BLOCK_BYTES >= bytes.length) && start !== -1) {
      const end = isHole ? at : bytes.length;
      writeAll(fd, bytes.subarray(start, end), position + start);
      written += end - start;
      start = -1;
    }
    if (block.length < BLOCK_BYTES) break;
  }
  return written;
}

/** Writes pieces one after the other, and leaves out blocks of zeros. */
export class SparseWriter {
  readonly #fd: number;
  #position = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(bytes: Uint8Array): void {
    writeAroundHoles(this.#fd, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), this.#position);
    this.#position += bytes.length;
  }

  /** A hole at the end has to be said. */
  end(): void {
    fs.ftruncateSync(this.#fd, this.#position);
  }
}
