import { markAsUntransferable } from 'node:worker_threads';

/** Longer ones have memory of their own: for them the allocation is not what takes the time. */
const MAX_SHARED_BYTES = 4096;

/**
 * Memory for byte strings of which many are needed at a time, several to an allocation: one of 1 KiB by itself takes
 * 2 to 2.5 µs, most of a put's or get's time. Whoever keeps one keeps the slab, and nobody can transfer it to a thread or
 * a stream, which would take it from all the others.
 */
export class Slabs {
  readonly #slabBytes: number;
  #slab: Buffer;
  #used = 0;

  /** @param slabBytes At least 4096. */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
    this.#slab = slabOf(slabBytes);
  }

  /** To be filled by the caller: it holds anything. */
  take(bytes: number): Buffer {
    if (bytes > MAX_SHARED_BYTES) return Buffer.allocUnsafeSlow(bytes);
    if (this.#used + bytes > this.#slabBytes) {
      this.#slab = slabOf(this.#slabBytes);
      this.#used = 0;
    }
    const taken = this.#slab.subarray(this.#used, this.#used + bytes);
    this.#used += bytes;
    return taken;
  }
}

function slabOf(bytes: number): Buffer {
  const slab = Buffer.allocUnsafeSlow(bytes);
  markAsUntransferable(slab.buffer);
  return slab;
}
