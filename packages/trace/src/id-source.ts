import type { TraceRandom } from '@p2p/trace-noop';
import { wordAt } from './text-bytes.ts';

const POOL_BYTES = 1024;

/** Random words, fetched many at a time. */
export class IdSource {
  readonly #random: TraceRandom;
  #pool: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(random: TraceRandom) {
    this.#random = random;
  }

  /** A signed 32-bit word. */
  word(): number {
    if (this.#at + 4 > this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES);
      this.#at = 0;
      if (this.#pool.length < 4) throw new TypeError(`random.bytes(${POOL_BYTES}) gave ${this.#pool.length} bytes.`);
    }
    const word = wordAt(this.#pool, this.#at);
    this.#at += 4;
    return word;
  }

  /** The last word of an id: never 0, so that no id is all zero. */
  nonZeroWord(): number {
    return this.word() || 1;
  }

  /** True with probability `rate`. */
  chance(rate: number): boolean {
    if (rate >= 1) return true;
    return (this.word() >>> 0) < rate * 4_294_967_296;
  }
}
