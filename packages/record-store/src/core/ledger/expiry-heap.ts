/** What a heap keeps its place in. */
export interface Expiring {
  readonly expires: number;
  /** Index in the heap, -1 outside. The heap's own. */
  heapAt: number;
  /** What it is ordered by: at most `expires`. The heap's own. */
  heapKey: number;
}

/**
 * Entries by expiry, earliest first. An entry whose expiry moves back (every refresh) stays where it is
 * until it comes up: then it is filed anew. So refreshing costs nothing.
 */
export class ExpiryHeap<E extends Expiring> {
  readonly #entries: E[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** Files an entry, or refiles it after its expiry changed. One that never expires is not filed. */
  file(entry: E): void {
    const { expires } = entry;
    if (entry.heapAt >= 0) {
      if (expires >= entry.heapKey) return;
      entry.heapKey = expires;
      this.#up(entry.heapAt, entry);
    } else if (expires !== Number.POSITIVE_INFINITY) {
      entry.heapKey = expires;
      this.#entries.push(entry);
      this.#up(this.#entries.length - 1, entry);
    }
  }

  /** Takes an entry out, wherever it is. */
  remove(entry: E): void {
    const at = entry.heapAt;
    if (at < 0) return;
    entry.heapAt = -1;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    if (at > 0 && this.#entries[(at - 1) >> 1]!.heapKey > last.heapKey) this.#up(at, last);
    else this.#down(at, last);
  }

  /** The entry that expires first, if that is at or before `now`. */
  expired(now: number): E | undefined {
    for (;;) {
      const first = this.#entries[0];
      // So that nothing is expired at a time that is none.
      if (first === undefined || !(first.heapKey <= now)) return undefined;
      if (first.expires === first.heapKey) return first;
      if (first.expires === Number.POSITIVE_INFINITY) {
        this.remove(first);
        continue;
      }
      first.heapKey = first.expires;
      this.#down(0, first);
    }
  }

  #up(from: number, entry: E): void {
    const entries = this.#entries;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent]!;
      if (above.heapKey <= entry.heapKey) break;
      entries[at] = above;
      above.heapAt = at;
      at = parent;
    }
    entries[at] = entry;
    entry.heapAt = at;
  }

  #down(from: number, entry: E): void {
    const entries = this.#entries;
    const { length } = entries;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && entries[child + 1]!.heapKey < entries[child]!.heapKey) child += 1;
      const below = entries[child]!;
      if (entry.heapKey <= below.heapKey) break;
      entries[at] = below;
      below.heapAt = at;
      at = child;
    }
    entries[at] = entry;
    entry.heapAt = at;
  }
}
