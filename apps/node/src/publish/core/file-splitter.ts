import { StreamCutter } from './cutter.ts';
import { MAX_BLOCK_BYTES } from './limits.ts';

/**
 * From this size on a file is cut where its content says: something put in at its beginning then moves few
 * blocks. Shorter ones are cut into full blocks, which are a tenth fewer.
 */
const CUT_BY_CONTENT_FROM_BYTES = 64 * 1024;

/** What becomes of a file's bytes. */
export interface SplitSink {
  /** A block of the file. */
  readonly onBlock: (block: Uint8Array) => void;
  /** What remains in the end and fills no block; not called where nothing remains. */
  readonly onTail: (tail: Uint8Array) => void;
}

/** Cuts one file into blocks and a remainder. */
export class FileSplitter {
  readonly #sink: SplitSink;
  readonly #cutter: StreamCutter | undefined;
  /** Of a short file: what fills no block yet. Of a long one: the last block, which may be the last of all. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(size: number, sink: SplitSink) {
    this.#sink = sink;
    if (size < CUT_BY_CONTENT_FROM_BYTES) return;
    this.#cutter = new StreamCutter((block) => {
      if (this.#rest.length > 0) sink.onBlock(this.#rest);
      this.#rest = block;
    });
  }

  push(bytes: Uint8Array): void {
    if (this.#cutter !== undefined) return this.#cutter.push(bytes);
    let from = 0;
    if (this.#rest.length > 0) {
      from = Math.min(bytes.length, MAX_BLOCK_BYTES - this.#rest.length);
      const joined = new Uint8Array(this.#rest.length + from);
      joined.set(this.#rest);
      joined.set(bytes.subarray(0, from), this.#rest.length);
      this.#rest = joined;
      if (joined.length < MAX_BLOCK_BYTES) return;
      this.#sink.onBlock(joined);
    }
    for (; bytes.length - from >= MAX_BLOCK_BYTES; from += MAX_BLOCK_BYTES) this.#sink.onBlock(bytes.slice(from, from + MAX_BLOCK_BYTES));
    this.#rest = bytes.slice(from);
  }

  end(): void {
    this.#cutter?.end();
    if (this.#rest.length === MAX_BLOCK_BYTES) this.#sink.onBlock(this.#rest);
    else if (this.#rest.length > 0) this.#sink.onTail(this.#rest);
  }
}
