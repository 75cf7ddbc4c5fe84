/** A block has at most so many events. */
export const MAX_BLOCK_EVENTS = 65_536;
/** More fields than any event has. */
const MAX_FIELDS = 32;

/*
 * The first byte of a msgpack value tells its type. What an event's field can be: a number, nil, a boolean, text or
 * bytes. For these, how many bytes follow, or of how many bytes the length is that follows.
 */
const FIXED: ReadonlyMap<number, number> = /* @__PURE__ */ new Map([
  ...[0xc0, 0xc2, 0xc3].map((first) => [first, 0] as const),
  ...[0xcc, 0xd0].map((first) => [first, 1] as const),
  ...[0xcd, 0xd1].map((first) => [first, 2] as const),
  ...[0xca, 0xce, 0xd2].map((first) => [first, 4] as const),
  ...[0xcb, 0xcf, 0xd3].map((first) => [first, 8] as const),
]);
const COUNTED: ReadonlyMap<number, number> = /* @__PURE__ */ new Map([
  [0xc4, 1],
  [0xc5, 2],
  [0xc6, 4],
  [0xd9, 1],
  [0xda, 2],
  [0xdb, 4],
]);

/**
 * Walks over msgpack without making anything of it. A decoder believes what a header claims, and makes room for it: some
 * thousand headers one in another, of a block's own length each, are all the memory there is.
 */
class Walk {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  /** The number of elements of an array, or of entries of a map, whose three types of header begin with these; -1: it is none. */
  count(fix: number, wide: number): number {
    const first = this.#byte();
    if (first >> 4 === fix >> 4) return first & 15;
    if (first === wide) return this.#uint(2);
    return first === wide + 1 ? this.#uint(4) : -1;
  }

  /** Steps over a field's value; false: it is none. */
  scalar(): boolean {
    const first = this.#byte();
    if (first <= 0x7f || first >= 0xe0) return true;
    if (first >= 0xa0 && first <= 0xbf) return this.#skip(first & 31);
    const fixed = FIXED.get(first);
    if (fixed !== undefined) return this.#skip(fixed);
    const counted = COUNTED.get(first);
    return counted !== undefined && this.#skip(this.#uint(counted));
  }

  #skip(bytes: number): boolean {
    this.at += bytes;
    return this.at <= this.#bytes.length;
  }

  #byte(): number {
    // Beyond the end is a byte that no value begins with.
    const byte = this.#bytes[this.at] ?? 0xc1;
    this.at += 1;
    return byte;
  }

  #uint(bytes: number): number {
    let value = 0;
    for (let byte = 0; byte < bytes; byte += 1) value = value * 256 + (this.#bytes[this.at + byte] ?? 0);
    this.at += bytes;
    return value;
  }
}

/** Whether a block's content is an array of at most 65 536 maps of plain values and nothing else: no more is decoded. */
export function isDumpContent(content: Uint8Array): boolean {
  const walk = new Walk(content);
  const rows = walk.count(0x90, 0xdc);
  if (rows < 0 || rows > MAX_BLOCK_EVENTS) return false;
  for (let row = 0; row < rows; row += 1) {
    const fields = walk.count(0x80, 0xde);
    if (fields < 0 || fields > MAX_FIELDS) return false;
    for (let value = 0; value < fields * 2; value += 1) if (!walk.scalar()) return false;
  }
  return walk.isAtEnd;
}
