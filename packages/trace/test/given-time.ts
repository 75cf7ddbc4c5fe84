import type { TraceClock, TraceRandom } from '@p2p/trace-noop';

/** A clock that stands where a test puts it. */
export class GivenTime implements TraceClock {
  timeUs: number;

  constructor(timeUs = 1_800_000_000_000_000) {
    this.timeUs = timeUs;
  }

  nowUs(): number {
    return this.timeUs;
  }

  advance(us: number): void {
    this.timeUs += us;
  }
}

/** Bytes that repeat from run to run: xorshift32. */
export class GivenRandom implements TraceRandom {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) {
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      bytes[at] = this.#state;
    }
    return bytes;
  }
}
