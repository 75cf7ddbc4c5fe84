import { randomFillSync } from 'node:crypto';
import type { Random } from '../env.ts';

const POOL_BYTES = 4096;
const pool: Uint8Array = new Uint8Array(POOL_BYTES);
let used: number = POOL_BYTES;

/** The operating system's randomness, drawn 4 KiB at a time: a call for 32 bytes costs a copy, not a system call. */
export const systemRandom: Random = {
  bytes(length) {
    const out = new Uint8Array(length);
    if (length > POOL_BYTES) return randomFillSync(out);
    const from = take(length);
    out.set(pool.subarray(from, from + length));
    // Given out once: a later reader of this memory must not find somebody's challenge.
    pool.fill(0, from, from + length);
    return out;
  },
  float() {
    const at = take(8);
    const high = (pool[at]! << 16) | (pool[at + 1]! << 8) | pool[at + 2]!;
    const low = ((pool[at + 3]! << 24) | (pool[at + 4]! << 16) | (pool[at + 5]! << 8) | pool[at + 6]!) >>> 3;
    return (high * 0x2000_0000 + (low >>> 0)) / 0x20_0000_0000_0000;
  },
};

function take(length: number): number {
  if (used + length > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const from = used;
  used += length;
  return from;
}
