/** True when both hold the same bytes. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  const { length } = one;
  if (length !== other.length) return false;
  for (let at = 0; at < length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** Byte by byte, a prefix before what it starts: < 0, 0 or > 0. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const difference = one[at]! - other[at]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** True when `bytes` starts with `prefix`. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (bytes[at] !== prefix[at]) return false;
  return true;
}

/** One character per byte: equal and ordered as the bytes are. For maps. */
export function bytesText(bytes: Uint8Array): string {
  const { length } = bytes;
  // Measured: below 64 bytes one call beats a loop; above, arguments on the stack cost more.
  if (length <= 64) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  let text = '';
  for (let at = 0; at < length; at += 64) text += String.fromCharCode.apply(undefined, bytes.subarray(at, at + 64) as unknown as number[]);
  return text;
}

/** The same memory, without what a Buffer does otherwise. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes of the caller's own. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  // Not slice(): a Buffer's slice shares its memory.
  return new Uint8Array(bytes);
}
