/** Part of ECMAScript 2026; Node has it from version 25 on, several times as fast as what follows. */
interface NativeHex {
  toHex?(): string;
}

/** Character codes of the sixteen digits, and the value of each code. */
const DIGIT_CODES = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const DIGIT_VALUES = new Uint8Array(128).fill(255);
for (const [value, code] of DIGIT_CODES.entries()) DIGIT_VALUES[code] = value;

/** The bytes of 8 to 128 lower-case hex digits, an even number of them; undefined for any other text. */
export function parseHex(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length < 8 || length > 128 || length % 2 !== 0) return undefined;
  // Not Uint8Array.fromHex: V8 keeps what it returns outside its heap, which costs twice as much as this loop.
  const bytes = new Uint8Array(length / 2);
  for (let at = 0; at < length; at += 2) {
    const high = DIGIT_VALUES[text.charCodeAt(at)] ?? 255;
    const low = DIGIT_VALUES[text.charCodeAt(at + 1)] ?? 255;
    if ((high | low) > 15) return undefined;
    bytes[at >> 1] = (high << 4) | low;
  }
  return bytes;
}

/** Lower-case hex of a few bytes. */
export function bytesToHex(bytes: Uint8Array): string {
  const { toHex } = bytes as NativeHex;
  if (toHex !== undefined) return toHex.call(bytes);
  const codes: number[] = [];
  for (const byte of bytes) codes.push(DIGIT_CODES[byte >> 4]!, DIGIT_CODES[byte & 15]!);
  return String.fromCharCode(...codes);
}
