/**
 * Reproducible randomness: xoshiro128** 1.1 (Blackman, Vigna), its 128-bit state filled by
 * splitmix32 from a 32-bit FNV-1a hash per word over the seed's text. Not for secrets.
 */
export class SeededRandom {
  /** What the generator was made from; print it when a test fails. */
  readonly seed: string;
  readonly #state = new Uint32Array(4);

  constructor(seed: string | number | bigint) {
    this.seed = String(seed);
    for (let word = 0; word < 4; word++) this.#state[word] = splitmix32(fnv1a(`${word}:${this.seed}`));
    // The all-zero state is the only one that xoshiro never leaves.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const scaled = Math.imul(s1, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    const last = s[3]!;
    s[3] = (last << 11) | (last >>> 21);
    return result;
  }

  /** A number in [0, 1) with 53 random bits. */
  float(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  /** A whole number in [0, `bound`), for bounds up to 2⁵³. */
  integer(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound <= 0) throw new TypeError('the bound must be a positive safe integer');
    return Math.floor(this.float() * bound);
  }

  /** `length` fresh bytes. */
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 4) {
      const word = this.uint32();
      const end = Math.min(4, length - at);
      for (let byte = 0; byte < end; byte++) out[at + byte] = word >>> (8 * byte);
    }
    return out;
  }

  /** True with the given probability; draws nothing at 0 and below, or at 1 and above. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.float() < probability;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new TypeError('there is nothing to pick from');
    return items[this.integer(items.length)]!;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let at = out.length - 1; at > 0; at--) {
      const other = this.integer(at + 1);
      [out[at], out[other]] = [out[other]!, out[at]!];
    }
    return out;
  }

  /** A generator of its own; depends on this one's seed and the name only, not on what was drawn before. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`);
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash >>> 0;
}

function splitmix32(seed: number): number {
  let mixed = (seed + 0x9e37_79b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
