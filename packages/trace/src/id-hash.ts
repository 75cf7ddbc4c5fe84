/** Two hashes of 16 bytes of an id, so that ids which are not random throughout spread as well. */
export function hashA(w0: number, w1: number, w2: number, w3: number): number {
  const mixed = Math.imul(w0 ^ (w2 << 7) ^ (w2 >>> 25), 0x9e37_79b1) ^ Math.imul(w1 ^ (w3 << 13) ^ (w3 >>> 19), 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}

export function hashB(w0: number, w1: number, w2: number, w3: number): number {
  const mixed = Math.imul(w3 ^ (w1 << 11) ^ (w1 >>> 21), 0xc2b2_ae35) ^ Math.imul(w2 ^ (w0 << 17) ^ (w0 >>> 15), 0x27d4_eb2f);
  return (mixed ^ (mixed >>> 13)) | 1;
}
