const PLAIN = /^[!-$&-~]*$/;
const SPECIAL = /[^!-$&-~]/g;
const ESCAPE = /%([0-9a-f]{2})/g;
const ESCAPED = /^(?:[!-$&-~]|%(?:[01][0-9a-f]|2[05]|7f|[89a-f][0-9a-f]))*$/;

/**
 * A string of bytes (each character one byte) as printable ASCII without spaces: other bytes, and `%`, become `%` and
 * two lower-case hex digits. Every string of bytes has exactly one such form.
 */
export function escapeBytes(bytes: string): string {
  if (PLAIN.test(bytes)) return bytes;
  return bytes.replaceAll(SPECIAL, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The bytes of an escaped string; undefined when it is not exactly what `escapeBytes` makes. */
export function unescapeBytes(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  if (!ESCAPED.test(text)) return undefined;
  return text.replaceAll(ESCAPE, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
