const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** RFC 4648, section 5, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [first, second, third] = [bytes[at]!, bytes[at + 1], bytes[at + 2]];
    const word = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text += ALPHABET[word >> 18]! + ALPHABET[(word >> 12) & 63]!;
    if (second !== undefined) text += ALPHABET[(word >> 6) & 63]!;
    if (third !== undefined) text += ALPHABET[word & 63]!;
  }
  return text;
}

/** What {@link toBase64Url} made, as bytes again. Any other text is a `TypeError`. */
export function fromBase64Url(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  for (let at = 0, to = 0; at < text.length; at += 4) {
    const digits = [0, 1, 2, 3].map((index) => (at + index < text.length ? ALPHABET.indexOf(text[at + index]!) : 0));
    if (digits.includes(-1)) throw new TypeError(`${JSON.stringify(text)} is no base64url`);
    const word = (digits[0]! << 18) | (digits[1]! << 12) | (digits[2]! << 6) | digits[3]!;
    for (const shift of [16, 8, 0]) if (to < bytes.length) bytes[to++] = (word >> shift) & 255;
  }
  return bytes;
}
