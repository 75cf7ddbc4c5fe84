/** mulberry32: small, fast, the same numbers everywhere for one seed. Not for secrets. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer from 0 to `bound` − 1, at most 2³¹ − 1. */
  below(bound: number): number {
    return (this.u32() % bound) | 0;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.scribble(bytes, 0, length);
    return bytes;
  }

  scribble(target: Uint8Array, start: number, end: number): void {
    let word = 0;
    for (let index = start; index < end; index += 1) {
      word = (index - start) % 4 === 0 ? this.u32() : word >>> 8;
      target[index] = word;
    }
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)]!;
  }
}
