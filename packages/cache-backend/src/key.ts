/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 65_536;
const MAX_DESCRIPTION_CHARS = 4096;

/**
 * The bytes under which a key is hashed: its length, eight bytes, then its UTF-8. So no key is a path and no two keys meet.
 * @throws TypeError for an empty key, one over 64 KiB, and one that is not well-formed Unicode.
 */
export function keyBytes(key: string): Uint8Array {
  if (typeof key !== 'string' || key === '') throw new TypeError('a cache key must be a string that is not empty');
  if (key.length > MAX_KEY_BYTES) throw new TypeError(`a cache key must not exceed ${MAX_KEY_BYTES} bytes of UTF-8`);
  if (!key.isWellFormed()) throw new TypeError('a cache key must be well-formed Unicode: it has a lone surrogate');
  const text = new TextEncoder().encode(key);
  if (text.length > MAX_KEY_BYTES) throw new TypeError(`a cache key must not exceed ${MAX_KEY_BYTES} bytes of UTF-8`);
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setUint32(4, text.length);
  bytes.set(text, 8);
  return bytes;
}

/** @throws TypeError for a description that is no string, too long or not well-formed Unicode. */
export function checkDescription(description: string): void {
  if (typeof description !== 'string' || description.length > MAX_DESCRIPTION_CHARS || !description.isWellFormed()) {
    throw new TypeError(`a description must be well-formed text of at most ${MAX_DESCRIPTION_CHARS} characters`);
  }
}
