/** A place in bencoded bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const MAX_DEPTH = 32;
const [DIGIT_0, DIGIT_9, MINUS, COLON, D, E, I, L] = [0x30, 0x39, 0x2d, 0x3a, 0x64, 0x65, 0x69, 0x6c];

/** Where the value that starts at `start` ends; undefined unless it is bencoded in the one canonical form: integers without leading zeros, keys of dictionaries strictly ascending. */
export function bencodeEnd(bytes: Uint8Array, start: number, depth: number = 0): number | undefined {
  const lead = bytes[start];
  if (lead === undefined || depth > MAX_DEPTH) return undefined;
  if (lead === I) return integerSpan(bytes, start)?.end;
  if (lead === L) {
    let at: number | undefined = start + 1;
    while (at !== undefined && bytes[at] !== E) at = bencodeEnd(bytes, at, depth + 1);
    return at === undefined ? undefined : at + 1;
  }
  if (lead === D) return dictionaryAt(bytes, start, depth)?.end;
  const text = stringSpan(bytes, start);
  return text?.end;
}

/** The members of the dictionary that is all of `bytes`: values' places by key, keys as text of one character per byte. */
export function bencodeDictionary(bytes: Uint8Array): ReadonlyMap<string, Span> | undefined {
  const dictionary = bytes[0] === D ? dictionaryAt(bytes, 0, 0) : undefined;
  return dictionary?.end === bytes.length ? dictionary.members : undefined;
}

/** The content of the string that is all of the span. */
export function bencodeString(bytes: Uint8Array, span: Span): Uint8Array | undefined {
  const text = stringSpan(bytes, span.start);
  return text?.end === span.end ? bytes.subarray(text.start, text.end) : undefined;
}

/** The integer that is all of the span. */
export function bencodeInteger(bytes: Uint8Array, span: Span): bigint | undefined {
  const integer = bytes[span.start] === I ? integerSpan(bytes, span.start) : undefined;
  return integer?.end === span.end ? integer.value : undefined;
}

function dictionaryAt(bytes: Uint8Array, start: number, depth: number): { end: number; members: Map<string, Span> } | undefined {
  const members = new Map<string, Span>();
  let at = start + 1;
  let previous: string | undefined;
  while (bytes[at] !== E) {
    const name = stringSpan(bytes, at);
    if (name === undefined) return undefined;
    const key = String.fromCharCode(...bytes.subarray(name.start, name.end));
    if (previous !== undefined && key <= previous) return undefined;
    const end = bencodeEnd(bytes, name.end, depth + 1);
    if (end === undefined) return undefined;
    members.set(key, { start: name.end, end });
    previous = key;
    at = end;
  }
  return { end: at + 1, members };
}

function stringSpan(bytes: Uint8Array, start: number): Span | undefined {
  const digits = digitsEnd(bytes, start);
  if (digits === undefined || digits - start > 8 || bytes[digits] !== COLON) return undefined;
  const length = Number(ascii(bytes, start, digits));
  const end = digits + 1 + length;
  // Keys of dictionaries go through the stack; nothing here is that long.
  return end <= bytes.length && length <= 65_536 ? { start: digits + 1, end } : undefined;
}

function integerSpan(bytes: Uint8Array, start: number): { value: bigint; end: number } | undefined {
  const isNegative = bytes[start + 1] === MINUS;
  const first = start + (isNegative ? 2 : 1);
  const digits = digitsEnd(bytes, first);
  if (digits === undefined || digits - first > 20 || bytes[digits] !== E) return undefined;
  const value = BigInt(ascii(bytes, first, digits));
  if (isNegative && value === 0n) return undefined;
  return { value: isNegative ? -value : value, end: digits + 1 };
}

/** The end of a run of digits without leading zero. */
function digitsEnd(bytes: Uint8Array, start: number): number | undefined {
  let at = start;
  while (at < bytes.length && bytes[at]! >= DIGIT_0 && bytes[at]! <= DIGIT_9) at += 1;
  if (at === start || (at - start > 1 && bytes[start] === DIGIT_0)) return undefined;
  return at;
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 32)));
}
