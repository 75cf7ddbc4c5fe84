/*
 * Two hashes of the first 16 bytes of an id. Ids need not be random throughout: those of a test, or with a time in
 * front, differ in few bits. A product alone carries a difference upwards only, hence a second round.
 */
function finish(mixed: number): number {
  const folded = Math.imul(mixed ^ (mixed >>> 16), 0x7feb_352d);
  return folded ^ (folded >>> 15);
}

export function hashA(w0: number, w1: number, w2: number, w3: number): number {
  return finish(Math.imul(w0 ^ (w2 << 7) ^ (w2 >>> 25), 0x9e37_79b1) ^ Math.imul(w1 ^ (w3 << 13) ^ (w3 >>> 19), 0x85eb_ca6b));
}

/** Odd, so that multiples of it reach every place of a table. */
export function hashB(w0: number, w1: number, w2: number, w3: number): number {
  return finish(Math.imul(w3 ^ (w1 << 11) ^ (w1 >>> 21), 0xc2b2_ae35) ^ Math.imul(w2 ^ (w0 << 17) ^ (w0 >>> 15), 0x27d4_eb2f)) | 1;
}
