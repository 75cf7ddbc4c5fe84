/** Lower-case hex digits of each byte. */
const HEX: readonly string[] = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte]!;
  return text;
}

/** The bytes of hex digits in either case; undefined where they are none. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[\da-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** Hex digits of `count` little-endian words. */
export function wordsToHex(words: ArrayLike<number>, at: number, count: number): string {
  let text = '';
  for (let index = at; index < at + count; index += 1) {
    const word = words[index]!;
    text += HEX[word & 255]! + HEX[(word >>> 8) & 255]! + HEX[(word >>> 16) & 255]! + HEX[word >>> 24]!;
  }
  return text;
}

/** A little-endian word of `bytes`; what lies beyond the end is zero. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

export function bytesOfWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setInt32(index * 4, word, true);
  return bytes;
}

export function u64OfWords(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

const encoder = /* @__PURE__ */ new TextEncoder();
// A byte order mark at the beginning of a name is a part of it.
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 of `text`, at most `maxBytes`, cut between characters; what is no text is cut to nothing. */
export function utf8Prefix(text: string, maxBytes: number): { bytes: Uint8Array; cut: boolean } {
  if (typeof text !== 'string') return { bytes: new Uint8Array(0), cut: true };
  const bytes = new Uint8Array(maxBytes);
  const { read, written } = encoder.encodeInto(text, bytes);
  return { bytes: bytes.subarray(0, written), cut: read < text.length };
}

export function utf8Text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
