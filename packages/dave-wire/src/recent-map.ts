/**
 * A map of at most `2 × capacity` entries that forgets what has not been used for the longest time,
 * to the nearest half: entries live in a young and an old generation, and a full young one replaces
 * the old. Reads and writes cost one or two map operations and allocate nothing.
 */
export class RecentMap<Key, Value> {
  readonly #capacity: number;
  #young: Map<Key, Value> = new Map<Key, Value>();
  #old: Map<Key, Value> = new Map<Key, Value>();

  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new TypeError('capacity must be a positive integer.');
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
