// BLAKE3-256, unkeyed (https://github.com/BLAKE3-team/BLAKE3-specs, sections 2.1 to 2.6).
import { compress } from './compress';
import { CHAIN, INPUT, OUTPUT, SUBTREES, WINDOW, WORK_DIGEST } from './layout';

const BLOCK: u32 = 64;
const CHUNK: u32 = 1024;
const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
const ROOT: u32 = 8;
const DIGEST: u32 = 32;

// @ts-ignore: decorator
@inline
function setInitialChain(at: u32): void {
  store<u32>(at, 0x6a09e667, 0);
  store<u32>(at, 0xbb67ae85, 4);
  store<u32>(at, 0x3c6ef372, 8);
  store<u32>(at, 0xa54ff53a, 12);
  store<u32>(at, 0x510e527f, 16);
  store<u32>(at, 0x9b05688c, 20);
  store<u32>(at, 0x1f83d9ab, 24);
  store<u32>(at, 0x5be0cd19, 28);
}

/**
 * Hashes one chunk of up to 1024 bytes at `from` into CHAIN. `last` is added to the flags of its
 * final block. The bytes after a partial final block, up to its end, are overwritten with zeros.
 */
function hashChunk(from: u32, length: u32, index: u32, last: u32): void {
  setInitialChain(CHAIN);
  let flags = CHUNK_START;
  let left = length;
  while (left > BLOCK) {
    compress(CHAIN, from, index, BLOCK, flags, CHAIN);
    flags = 0;
    from += BLOCK;
    left -= BLOCK;
  }
  memory.fill(from + left, 0, BLOCK - left);
  compress(CHAIN, from, index, left, flags | CHUNK_END | last, CHAIN);
}

/** Replaces the subtree on top of the stack (at `top`) and the one in CHAIN by their parent. */
function mergeTop(top: u32, last: u32): void {
  memory.copy(top + DIGEST, CHAIN, DIGEST);
  setInitialChain(CHAIN);
  compress(CHAIN, top, 0, BLOCK, PARENT | last, CHAIN);
}

/**
 * Adds a full chunk that is not the last to the stack of subtrees. `chunk` is its index: as many
 * subtrees wait on the stack as it has one bits, so the depth need not be kept anywhere.
 */
function pushChunk(from: u32, chunk: u32): void {
  hashChunk(from, CHUNK, chunk, 0);
  let top = SUBTREES + popcnt(chunk) * DIGEST;
  for (let merges = ctz(chunk + 1); merges > 0; merges--) {
    top -= DIGEST;
    mergeTop(top, 0);
  }
  memory.copy(top, CHAIN, DIGEST);
}

/** Takes a full window that more input follows. `chunk` is the number of chunks before it. */
export function blake3Absorb(chunk: u32): void {
  for (let from = INPUT; from < INPUT + WINDOW; from += CHUNK) pushChunk(from, chunk++);
}

/** Hashes the last `length` bytes of an input, 0 to WINDOW, after `chunk` chunks; to OUTPUT. */
export function blake3Finish(chunk: u32, length: u32): void {
  let from = INPUT;
  while (length > CHUNK) {
    pushChunk(from, chunk++);
    from += CHUNK;
    length -= CHUNK;
  }
  hashChunk(from, length, chunk, chunk == 0 ? ROOT : 0);
  for (let depth = popcnt(chunk); depth > 0; depth--) {
    mergeTop(SUBTREES + (depth - 1) * DIGEST, depth == 1 ? ROOT : 0);
  }
  memory.copy(OUTPUT, CHAIN, DIGEST);
}

/** Digests the 64-byte signature at INPUT to WORK_DIGEST, where every search looks for it. */
export function prepareWork(): void {
  setInitialChain(CHAIN);
  compress(CHAIN, INPUT, 0, BLOCK, CHUNK_START | CHUNK_END | ROOT, WORK_DIGEST);
}

/** Work of the 16-byte salt at INPUT over the prepared signature; to OUTPUT. */
export function computeWork(): void {
  memory.copy(INPUT + 16, WORK_DIGEST, DIGEST);
  memory.fill(INPUT + 48, 0, 16);
  setInitialChain(CHAIN);
  compress(CHAIN, INPUT, 0, 48, CHUNK_START | CHUNK_END | ROOT, OUTPUT);
}
