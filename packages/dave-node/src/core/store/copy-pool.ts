const POOL_BYTES = 16_384;

/**
 * Copies of records, carved from pieces of 16 KiB: half as expensive as an allocation for each, since
 * bytes of this size live outside of the garbage-collected heap. A copy that is kept keeps its piece.
 */
export class CopyPool {
  #piece: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** Bytes `start` to `end` of `from`, as long as the caller likes. At most 16 KiB. */
  copy(from: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (this.#used + length > this.#piece.length) {
      this.#piece = new Uint8Array(POOL_BYTES);
      this.#used = 0;
    }
    const copy = new Uint8Array(this.#piece.buffer, this.#used, length);
    copy.set(new Uint8Array(from.buffer, from.byteOffset + start, length));
    this.#used += length;
    return copy;
  }
}
