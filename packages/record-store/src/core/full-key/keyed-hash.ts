/** 64 secret bits. */
export type HashKey = readonly [number, number];

/** HalfSipHash-2-4 (Aumasson, Bernstein) of the low bytes of a text's characters and their high bytes, 32 bits: unpredictable without the key. */
export function keyedHash([k0, k1]: HashKey, text: string): number {
  let v0 = k0 | 0;
  let v1 = k1 | 0;
  let v2 = 0x6c79_6765 ^ k0;
  let v3 = 0x7465_6462 ^ k1;
  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  };
  // Two characters of 16 bits make a word; the last one holds what is left and the length.
  const { length } = text;
  for (let at = 0; at + 1 < length; at += 2) {
    const word = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  const last = (length << 24) | (length % 2 === 1 ? text.charCodeAt(length - 1) : 0);
  v3 ^= last;
  round();
  round();
  v0 ^= last;
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return (v1 ^ v3) >>> 0;
}
