/**
 * SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") under a secret of the
 * process. Chosen for the store's tables because those who choose our keys must not be able to
 * choose our buckets: xxHash64 stays predictable in its differences even behind a secret prefix,
 * and a BLAKE3 call costs twice as much for inputs this short. Full keys are compared all the same.
 *
 * The result is left in `low` and `high`, so that no 64-bit integer has to be allocated.
 */
export class SipHash {
  low = 0;
  high = 0;
  readonly #k0Low: number;
  readonly #k0High: number;
  readonly #k1Low: number;
  readonly #k1High: number;

  /** @param secret 16 bytes, little-endian. @throws TypeError for another length. */
  constructor(secret: Uint8Array) {
    if (secret.length !== 16) throw new TypeError(`The hash secret has ${secret.length} bytes: pass 16 random ones.`);
    const words = new DataView(secret.buffer, secret.byteOffset, 16);
    this.#k0Low = words.getInt32(0, true);
    this.#k0High = words.getInt32(4, true);
    this.#k1Low = words.getInt32(8, true);
    this.#k1High = words.getInt32(12, true);
  }

  /** Hashes bytes `start` to `end`. (Through a `DataView`, a word costs one load instead of four.) */
  hash(bytes: DataView, start: number, end: number): void {
    let v0l = this.#k0Low ^ 0x70736575;
    let v0h = this.#k0High ^ 0x736f6d65;
    let v1l = this.#k1Low ^ 0x6e646f6d;
    let v1h = this.#k1High ^ 0x646f7261;
    let v2l = this.#k0Low ^ 0x6e657261;
    let v2h = this.#k0High ^ 0x6c796765;
    let v3l = this.#k1Low ^ 0x79746573;
    let v3h = this.#k1High ^ 0x74656462;

    const length = end - start;
    const blocks = length >>> 3;
    // One round per block, one for the last partial block, three to finish: the same loop for all.
    const rounds = blocks + 4;
    let at = start;
    for (let round = 0; round < rounds; round++) {
      let ml = 0;
      let mh = 0;
      if (round < blocks) {
        ml = bytes.getInt32(at, true);
        mh = bytes.getInt32(at + 4, true);
        at += 8;
      } else if (round === blocks) {
        for (let index = 0; at < end; index++, at++) {
          if (index < 4) ml |= bytes.getUint8(at) << (8 * index);
          else mh |= bytes.getUint8(at) << (8 * (index - 4));
        }
        mh |= length << 24;
      } else if (round === blocks + 1) {
        v2l ^= 0xff;
      }
      v3l ^= ml;
      v3h ^= mh;

      // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
      let low = (v0l + v1l) | 0;
      let high = (v0h + v1h + (low >>> 0 < v1l >>> 0 ? 1 : 0)) | 0;
      let rotated = ((v1l << 13) | (v1h >>> 19)) ^ low;
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ high;
      v1l = rotated;
      v0l = high;
      v0h = low;
      // v2 += v3; v3 = rotl(v3, 16) ^ v2
      low = (v2l + v3l) | 0;
      high = (v2h + v3h + (low >>> 0 < v3l >>> 0 ? 1 : 0)) | 0;
      rotated = ((v3l << 16) | (v3h >>> 16)) ^ low;
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ high;
      v3l = rotated;
      v2l = low;
      v2h = high;
      // v0 += v3; v3 = rotl(v3, 21) ^ v0
      low = (v0l + v3l) | 0;
      high = (v0h + v3h + (low >>> 0 < v3l >>> 0 ? 1 : 0)) | 0;
      rotated = ((v3l << 21) | (v3h >>> 11)) ^ low;
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ high;
      v3l = rotated;
      v0l = low;
      v0h = high;
      // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
      low = (v2l + v1l) | 0;
      high = (v2h + v1h + (low >>> 0 < v1l >>> 0 ? 1 : 0)) | 0;
      rotated = ((v1l << 17) | (v1h >>> 15)) ^ low;
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ high;
      v1l = rotated;
      v2l = high;
      v2h = low;

      v0l ^= ml;
      v0h ^= mh;
    }
    this.low = (v0l ^ v1l ^ v2l ^ v3l) >>> 0;
    this.high = (v0h ^ v1h ^ v2h ^ v3h) >>> 0;
  }
}
