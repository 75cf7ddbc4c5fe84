const LEAST_ROWS = 8;

/**
 * Open addressing from a 32-bit tag to references (any u32 below 2³² − 1). Several references may
 * share a tag: the caller walks them with `first` and `next` and compares what they refer to. Eight
 * bytes a row, linear probing, no tombstones: a removal moves later rows back.
 *
 * @example
 * for (let row = table.first(tag); row >= 0; row = table.next(row, tag)) if (isIt(table.ref(row))) …
 */
export class RefTable {
  size = 0;
  /** tag, reference + 1 (0 = empty), tag, reference + 1, … */
  #rows: Uint32Array = new Uint32Array(2 * LEAST_ROWS);
  #mask: number = LEAST_ROWS - 1;

  /** Rows, taken or not: eight bytes each. */
  get rowCount(): number {
    return this.#mask + 1;
  }

  /** The first row with this tag, or -1. Row numbers hold until the next change. */
  first(tag: number): number {
    return this.#seek(tag & this.#mask, tag);
  }

  /** The next row with this tag after `row`, or -1. */
  next(row: number, tag: number): number {
    return this.#seek((row + 1) & this.#mask, tag);
  }

  /** What a row found by `first` or `next` refers to. */
  ref(row: number): number {
    return this.#rows[2 * row + 1]! - 1;
  }

  add(tag: number, ref: number): void {
    // Three quarters full at most: beyond that, misses probe long.
    if (4 * (this.size + 1) > 3 * (this.#mask + 1)) this.#resize(2 * (this.#mask + 1));
    this.#insert(tag, ref + 1);
    this.size++;
  }

  /** Removes one pair; false when it is not there. */
  remove(tag: number, ref: number): boolean {
    for (let row = this.first(tag); row >= 0; row = this.next(row, tag)) {
      if (this.ref(row) !== ref) continue;
      this.#close(row);
      this.size--;
      // Far below the limit at which it grows, so that it does not grow and shrink in turn.
      if (this.#mask + 1 > LEAST_ROWS && 8 * this.size < this.#mask + 1) this.#resize((this.#mask + 1) / 2);
      return true;
    }
    return false;
  }

  #seek(start: number, tag: number): number {
    const rows = this.#rows;
    const mask = this.#mask;
    for (let row = start; ; row = (row + 1) & mask) {
      if (rows[2 * row + 1] === 0) return -1;
      if (rows[2 * row] === tag) return row;
    }
  }

  #insert(tag: number, stored: number): void {
    const rows = this.#rows;
    const mask = this.#mask;
    let row = tag & mask;
    while (rows[2 * row + 1] !== 0) row = (row + 1) & mask;
    rows[2 * row] = tag;
    rows[2 * row + 1] = stored;
  }

  /** Empties a row and pulls back those that had to step over it. */
  #close(hole: number): void {
    const rows = this.#rows;
    const mask = this.#mask;
    let gap = hole;
    for (let row = (gap + 1) & mask; rows[2 * row + 1] !== 0; row = (row + 1) & mask) {
      const home = rows[2 * row]! & mask;
      // It may move to the gap unless its home lies between the gap and where it is.
      if (((row - home) & mask) < ((row - gap) & mask)) continue;
      rows[2 * gap] = rows[2 * row]!;
      rows[2 * gap + 1] = rows[2 * row + 1]!;
      gap = row;
    }
    rows[2 * gap + 1] = 0;
  }

  #resize(rowCount: number): void {
    const old = this.#rows;
    this.#rows = new Uint32Array(2 * rowCount);
    this.#mask = rowCount - 1;
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== 0) this.#insert(old[at]!, old[at + 1]!);
  }
}
