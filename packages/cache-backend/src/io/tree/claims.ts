/** Slots; a tree with more distinct claims than three quarters of it shares less, nothing else. */
const SLOTS = 2 ** 18;
const LIMIT = SLOTS * 0.75;

/** Memory for the claims of one copy, shared by its threads. */
export function newClaims(): SharedArrayBuffer {
  return new SharedArrayBuffer((2 * SLOTS + 1) * 4);
}

/** Counts how often a text was claimed, among threads. Two texts may be taken for one, once in 2^50 or so: callers bear it. */
export class Claims {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** How often the text was claimed before; -1 when there is no room to tell. */
  claim(text: string): number {
    let a = 0x811c9dc5;
    let b = 0x9e3779b9;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
    }
    const mark = (a | 1) >> 0;
    let slot = (b ^ (a >>> 7)) & (SLOTS - 1);
    for (;;) {
      const found = Atomics.load(this.#words, 2 * slot);
      if (found === mark) return Atomics.add(this.#words, 2 * slot + 1, 1);
      if (found === 0) {
        if (Atomics.load(this.#words, 2 * SLOTS) > LIMIT) return -1;
        const before = Atomics.compareExchange(this.#words, 2 * slot, 0, mark);
        if (before === 0) Atomics.add(this.#words, 2 * SLOTS, 1);
        if (before === 0 || before === mark) return Atomics.add(this.#words, 2 * slot + 1, 1);
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
  }
}
