import { hashModule, type Search } from './wasm/hash-module.ts';
import { SEARCH_STRIDE, fastestSearch } from './wasm/search-module.ts';

/** Leading zero bits, counted from byte 0; 8 × length if all are zero. */
export function leadingZeroBits(work: Uint8Array): number {
  let bits = 0;
  for (const byte of work) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

/**
 * A stretch of candidates of one proof-of-work. Salts are numbered as the search goes through them:
 * salt[8..16] is the low half of the number, salt[0..8] the high one, both little-endian.
 */
export interface Lease {
  /** BLAKE3 of the signature. */
  readonly digest: Uint8Array;
  /** Leading zero bits wanted: 0 to 256. */
  readonly difficulty: number;
  /** Number of the first salt, below 2^128. */
  readonly start: bigint;
  /** Salts to try, from 1 to 2^30. */
  readonly count: number;
}

/** The 16 bytes of the salt with a number, modulo 2^128. */
export function saltOf(number: bigint): Uint8Array {
  const salt = new Uint8Array(16);
  const view = new DataView(salt.buffer);
  view.setBigUint64(8, BigInt.asUintN(64, number), true);
  view.setBigUint64(0, BigInt.asUintN(64, number >> 64n), true);
  return salt;
}

/** Offset, from `lease.start`, of the first salt that meets the difficulty; -1 if none does. */
export function searchLease(lease: Lease, search: Search = fastestSearch()): number {
  const { search: scalar, workDigest } = hashModule();
  const mask = firstWordMask(lease.difficulty);
  workDigest.set(lease.digest);
  let done = 0;
  while (done < lease.count) {
    const number = lease.start + BigInt(done);
    const word2 = word(number, 64n);
    const limit = Math.min(lease.count - done, 2 ** 32 - word2);
    // Unaligned ends are for the scalar search, so that the fast ones need no special cases.
    const head = -word2 & (SEARCH_STRIDE - 1);
    const aligned = head === 0 && limit >= SEARCH_STRIDE;
    const count = aligned ? limit - (limit % SEARCH_STRIDE) : Math.min(limit, head || limit);
    const offset = (aligned ? search : scalar)(word(number, 0n), word(number, 32n), word2, word(number, 96n), count, mask) >>> 0;
    if (offset < count && meets(number + BigInt(offset), lease.difficulty)) return done + offset;
    done += Math.min(offset + 1, count);
  }
  return -1;
}

/** Work of a salt over the digest that is at `workDigest`. The result is a view, valid until the next hash. */
export function workOver(salt: Uint8Array): Uint8Array {
  const { input, output, computeWork } = hashModule();
  input.set(salt);
  computeWork();
  return output;
}

/** The searches look at the first 32 bits only; what wants more is looked at again. */
function meets(number: bigint, difficulty: number): boolean {
  return difficulty <= 32 || leadingZeroBits(workOver(saltOf(number))) >= difficulty;
}

/** Little-endian word of a salt by its place in the salt, in bits; the halves are stored high first. */
function word(number: bigint, bit: bigint): number {
  return Number(BigInt.asUintN(32, number >> (bit ^ 64n)));
}

/** The bits of the first little-endian word that are the first `difficulty` bits of the work. */
function firstWordMask(difficulty: number): number {
  let mask = 0;
  for (let byte = 0; byte < 4; byte++) {
    const bits = Math.min(Math.max(difficulty - 8 * byte, 0), 8);
    mask |= (0xff & (0xff00 >> bits)) << (8 * byte);
  }
  return mask;
}
