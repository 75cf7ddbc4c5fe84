/** Cells grow in steps of this; it is also the unit of addresses. */
const GRAIN_BYTES = 16;
const GRAIN_BITS = 4;
const MAX_PAGE_BYTES = 131_072;
/** Low bits of an address: where in its page, in grains. The rest is the page's number. */
const OFFSET_BITS = 13;
const OFFSET_MASK: number = 2 ** OFFSET_BITS - 1;
const MAX_PAGES: number = 2 ** (32 - OFFSET_BITS);
const LEAST_CELLS = 4;
/** A new page holds at most this part of what its class holds already, so slack stays a small fraction. */
const GROWTH_SHIFT = 3;

/** What the slab can address: pages of at most 128 KiB, the last cell of each possibly unused. */
export const MAX_SLAB_BYTES: number = MAX_PAGES * (MAX_PAGE_BYTES - 2048);

/** All cells of one size, kept dense: in the order of `pages` they are taken, up to the last one, but for one hole at most. */
interface SizeClass {
  readonly cellBytes: number;
  readonly pages: number[];
  /** Index in `pages` of the page that holds the last cell, and how many cells it holds. */
  current: number;
  usedInCurrent: number;
  /** Taken cells. */
  used: number;
  /** Address of a free cell before the last, or -1. An update or an eviction leaves it to the record that comes next. */
  hole: number;
}

/**
 * Memory for records of up to `maxBytes`, in cells of a size class each (steps of 16 bytes), on
 * pages that are allocated as they are needed and given back when they are empty. All freed cells of
 * a class but one are filled at once with its last cell, so what is lost is bounded at all times: 15
 * bytes a record plus, per class in use, one cell and less than two pages; a page has at most an
 * eighth of what its class holds, and 128 KiB.
 *
 * The first four bytes of a cell are its owner (u32), by which the slab reports that it was moved.
 * Addresses are u32 and change when the slab says so.
 */
export class Slab {
  /** Bytes of all pages. */
  allocatedBytes = 0;
  readonly #classes: (SizeClass | undefined)[];
  readonly #pages: (Uint8Array | undefined)[] = [];
  readonly #views: (DataView | undefined)[] = [];
  readonly #freePages: number[] = [];
  readonly #onMoved: (owner: number, address: number) => void;

  constructor(maxBytes: number, onMoved: (owner: number, address: number) => void) {
    this.#classes = Array.from({ length: classOf(maxBytes) + 1 }, () => undefined);
    this.#onMoved = onMoved;
  }

  /** The page that holds a cell; pages are reused, so never keep one over a change. */
  page(address: number): Uint8Array {
    return this.#pages[address >>> OFFSET_BITS]!;
  }

  /** The same page, to read numbers from. */
  view(address: number): DataView {
    return this.#views[address >>> OFFSET_BITS]!;
  }

  /** Where in its page a cell starts. */
  offset(address: number): number {
    return (address & OFFSET_MASK) << GRAIN_BITS;
  }

  /** Whether two records fit into cells of the same size. */
  sameCell(aBytes: number, bBytes: number): boolean {
    return classOf(aBytes) === classOf(bBytes);
  }

  /** A cell of at least `bytes`, its owner written; the rest holds anything. @throws RangeError when all addresses are taken. */
  allocate(bytes: number, owner: number): number {
    const index = classOf(bytes);
    const sizeClass = (this.#classes[index] ??= { cellBytes: index << GRAIN_BITS, pages: [], current: -1, usedInCurrent: 0, used: 0, hole: -1 });
    const address = sizeClass.hole >= 0 ? sizeClass.hole : this.#append(sizeClass);
    sizeClass.hole = -1;
    sizeClass.used++;
    this.view(address).setUint32(this.offset(address), owner, true);
    return address;
  }

  /** Gives back a cell that `allocate(bytes, …)` returned; another cell may move into its place. */
  free(address: number, bytes: number): void {
    const sizeClass = this.#classes[classOf(bytes)]!;
    sizeClass.used--;
    if (this.#lastAddress(sizeClass) === sizeClass.hole) {
      sizeClass.hole = -1;
      this.#dropLast(sizeClass);
    }
    const last = this.#lastAddress(sizeClass);
    if (address === last) {
      this.#dropLast(sizeClass);
      // With the last record goes the hole before it.
      if (sizeClass.used === 0 && sizeClass.hole >= 0) this.#dropLast(sizeClass);
      if (sizeClass.used === 0) sizeClass.hole = -1;
    } else if (sizeClass.hole < 0) {
      sizeClass.hole = address;
    } else {
      const from = this.offset(last);
      this.page(address).set(new Uint8Array(this.page(last).buffer, from, sizeClass.cellBytes), this.offset(address));
      this.#onMoved(this.view(last).getUint32(from, true), address);
      this.#dropLast(sizeClass);
    }
  }

  /** A cell behind the last one. */
  #append(sizeClass: SizeClass): number {
    const { pages, cellBytes } = sizeClass;
    if (sizeClass.current < 0 || sizeClass.usedInCurrent * cellBytes === this.#pages[pages[sizeClass.current]!]!.length) {
      if (sizeClass.current + 1 === pages.length) pages.push(this.#newPage(sizeClass));
      sizeClass.current++;
      sizeClass.usedInCurrent = 0;
    }
    sizeClass.usedInCurrent++;
    return this.#lastAddress(sizeClass);
  }

  #lastAddress({ pages, current, usedInCurrent, cellBytes }: SizeClass): number {
    return ((pages[current]! << OFFSET_BITS) | (((usedInCurrent - 1) * cellBytes) >>> GRAIN_BITS)) >>> 0;
  }

  #dropLast(sizeClass: SizeClass): void {
    sizeClass.usedInCurrent--;
    if (sizeClass.usedInCurrent === 0) {
      sizeClass.current--;
      const page = this.#pages[sizeClass.pages[sizeClass.current] ?? -1];
      sizeClass.usedInCurrent = page === undefined ? 0 : page.length / sizeClass.cellBytes;
    }
    this.#trim(sizeClass);
  }

  /** Keeps one empty page until the page before it is half empty: a load that swings around a boundary allocates nothing. */
  #trim(sizeClass: SizeClass): void {
    const { pages, current, usedInCurrent, cellBytes } = sizeClass;
    if (current + 1 === pages.length) return;
    if (current >= 0 && 2 * usedInCurrent * cellBytes > this.#pages[pages[current]!]!.length) return;
    const number = pages.pop()!;
    this.allocatedBytes -= this.#pages[number]!.length;
    this.#pages[number] = undefined;
    this.#views[number] = undefined;
    this.#freePages.push(number);
  }

  #newPage(sizeClass: SizeClass): number {
    const { cellBytes, used } = sizeClass;
    const cells = Math.max(LEAST_CELLS, Math.min(used >>> GROWTH_SHIFT, Math.floor(MAX_PAGE_BYTES / cellBytes)));
    const number = this.#freePages.pop() ?? this.#pages.length;
    if (number >= MAX_PAGES) throw new RangeError('The store has no address left: give it less capacity.');
    const page = new Uint8Array(cells * cellBytes);
    this.#pages[number] = page;
    this.#views[number] = new DataView(page.buffer);
    this.allocatedBytes += page.length;
    return number;
  }
}

function classOf(bytes: number): number {
  return (bytes + GRAIN_BYTES - 1) >>> GRAIN_BITS;
}
