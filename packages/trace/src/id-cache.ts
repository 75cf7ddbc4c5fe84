import { hashA } from './id-hash.ts';
import { wordsToHex } from './text-bytes.ts';

const ENTRIES = 512;

/** Remembers the hex digits of ids that were decoded lately. Bounded: ids share places. */
export class IdCache {
  readonly #words: number;
  readonly #keys: Int32Array;
  readonly #texts: (string | undefined)[] = Array.from({ length: ENTRIES });

  constructor(words: number) {
    this.#words = words;
    this.#keys = new Int32Array(ENTRIES * words);
  }

  /** Hex digits of the id at `at` of `source`; undefined where it is all zero. */
  hex(source: Int32Array, at: number): string | undefined {
    const entry = (hashA(source[at]!, source[at + 1]!, source[at + 2]!, source[at + 3]!) >>> 0) % ENTRIES;
    const keyAt = entry * this.#words;
    const known = this.#texts[entry];
    if (known !== undefined && this.#same(source, at, keyAt)) return known;
    let any = 0;
    for (let word = 0; word < this.#words; word += 1) any |= source[at + word]!;
    if (any === 0) return undefined;
    for (let word = 0; word < this.#words; word += 1) this.#keys[keyAt + word] = source[at + word]!;
    const text = wordsToHex(source, at, this.#words);
    this.#texts[entry] = text;
    return text;
  }

  #same(source: Int32Array, at: number, keyAt: number): boolean {
    for (let word = 0; word < this.#words; word += 1) if (this.#keys[keyAt + word] !== source[at + word]) return false;
    return true;
  }
}
