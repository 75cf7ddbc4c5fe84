const FREE = 0;
const WRITING = 1;
const READY = 2;

/** Where an entry's state word says how long its content is. */
const LENGTH_SHIFT = 8;

/**
 * A table of short byte strings in a log's memory, filled by any thread: an entry is found or added, never
 * changed. Entry 0 stands for whatever found the table full.
 */
export class SharedTable {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #at: number;
  readonly #entryWords: number;
  readonly #capacity: number;
  readonly #countAt: number;

  constructor(words: Int32Array, place: { at: number; entryWords: number; capacity: number; countAt: number }) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    this.#at = place.at;
    this.#entryWords = place.entryWords;
    this.#capacity = place.capacity;
    this.#countAt = place.countAt;
  }

  /** The number of the entry that holds `content`; 0: it is not there and the table is full. */
  intern(content: Uint8Array): number {
    for (let entry = 1; entry < this.#capacity; entry += 1) {
      const stateAt = this.#at + entry * this.#entryWords;
      if (Atomics.load(this.#words, stateAt) === FREE && Atomics.compareExchange(this.#words, stateAt, FREE, WRITING) === FREE) {
        this.#bytes.set(content, (stateAt + 1) * 4);
        Atomics.store(this.#words, stateAt, READY | (content.length << LENGTH_SHIFT));
        Atomics.add(this.#words, this.#countAt, 1);
        return entry;
      }
      // Another thread is filling it, a copy of at most 60 bytes. If that thread died there, the entry stays lost.
      for (let spins = 0; Atomics.load(this.#words, stateAt) === WRITING && spins < 100_000; spins += 1);
      if (this.#holds(entry, content)) return entry;
    }
    return 0;
  }

  /** What an entry holds, copied; empty for entry 0 and for one that is not there. */
  content(entry: number): Uint8Array {
    if (entry <= 0 || entry >= this.#capacity) return new Uint8Array(0);
    const stateAt = this.#at + entry * this.#entryWords;
    const state = Atomics.load(this.#words, stateAt);
    if ((state & 255) !== READY) return new Uint8Array(0);
    const start = (stateAt + 1) * 4;
    return this.#bytes.slice(start, start + (state >>> LENGTH_SHIFT));
  }

  #holds(entry: number, content: Uint8Array): boolean {
    const stateAt = this.#at + entry * this.#entryWords;
    if (Atomics.load(this.#words, stateAt) !== (READY | (content.length << LENGTH_SHIFT))) return false;
    const start = (stateAt + 1) * 4;
    return content.every((byte, index) => this.#bytes[start + index] === byte);
  }
}
