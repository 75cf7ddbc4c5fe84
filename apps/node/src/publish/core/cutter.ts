import { blake3, encodeUtf8 } from '@p2p/dave-wire';
import { MAX_BLOCK_BYTES } from './limits.ts';

/** No cut comes earlier, but at the end. */
const LEAST_BYTES = 900;
/** Bytes that decide about a cut. */
const WINDOW_BYTES = 32;
/** A cut is where the top eight bits are all zero: one place in 256. */
const CUT_MASK = 0xff_00_00_00;

/** One pseudo-random 32-bit number for each byte. */
const GEAR: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  const digest = blake3(encodeUtf8('dave tree v1 gear'), Uint8Array.of(byte));
  return new DataView(digest.buffer, digest.byteOffset, 4).getUint32(0, true);
});

/**
 * How many bytes from `from` on make the next block, of 900 to 1165. The cut is where the content says, so
 * that bytes which are put in or taken out shift no cut but the next few: in random data half of all
 * insertions are over after 7 blocks, nine tenths after 25. Undefined when that takes more bytes than
 * there are; with `ended` there will be none, and the rest is a block.
 */
export function nextCut(bytes: Uint8Array, from: number, ended: boolean): number | undefined {
  const left = bytes.length - from;
  if (left < MAX_BLOCK_BYTES && !ended) return undefined;
  const most = Math.min(left, MAX_BLOCK_BYTES);
  let hash = 0;
  for (let length = LEAST_BYTES - WINDOW_BYTES; length < most; length++) {
    hash = ((hash << 1) + GEAR[bytes[from + length]!]!) | 0;
    if (length >= LEAST_BYTES - 1 && (hash & CUT_MASK) === 0) return length + 1;
  }
  return most === 0 ? undefined : most;
}

/** Takes a stream in pieces of any size and hands out its blocks, cut by {@link nextCut}. The blocks are new arrays. */
export class StreamCutter {
  readonly #onBlock: (block: Uint8Array) => void;
  readonly #buffer = new Uint8Array(64 * 1024);
  #length = 0;

  constructor(onBlock: (block: Uint8Array) => void) {
    this.#onBlock = onBlock;
  }

  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, this.#buffer.length - this.#length);
      this.#buffer.set(bytes.subarray(from, from + count), this.#length);
      this.#length += count;
      from += count;
      if (this.#length === this.#buffer.length) this.#cut(false);
    }
  }

  /** The rest is a block. */
  end(): void {
    this.#cut(true);
  }

  #cut(ended: boolean): void {
    const bytes = this.#buffer.subarray(0, this.#length);
    let from = 0;
    for (;;) {
      const length = nextCut(bytes, from, ended);
      if (length === undefined) break;
      this.#onBlock(bytes.slice(from, from + length));
      from += length;
    }
    this.#buffer.copyWithin(0, from, this.#length);
    this.#length -= from;
  }
}
