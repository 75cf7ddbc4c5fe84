// xxHash64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
import { INPUT, OUTPUT, WINDOW, XX_STATE } from './layout';

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

// @ts-ignore: decorator
@inline
function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * P2, 31) * P1;
}

// @ts-ignore: decorator
@inline
function mergeRound(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * P1 + P4;
}

function begin(): void {
  store<u64>(XX_STATE, P1 + P2, 0);
  store<u64>(XX_STATE, P2, 8);
  store<u64>(XX_STATE, 0, 16);
  store<u64>(XX_STATE, 0 - P1, 24);
}

/** Feeds the whole 32-byte stripes of [INPUT, INPUT + length) and returns where they end. */
function absorbStripes(length: u32): u32 {
  const end = INPUT + (length & ~31);
  let a = load<u64>(XX_STATE, 0);
  let b = load<u64>(XX_STATE, 8);
  let c = load<u64>(XX_STATE, 16);
  let d = load<u64>(XX_STATE, 24);
  let at = INPUT;
  for (; at < end; at += 32) {
    a = round(a, load<u64>(at, 0));
    b = round(b, load<u64>(at, 8));
    c = round(c, load<u64>(at, 16));
    d = round(d, load<u64>(at, 24));
  }
  store<u64>(XX_STATE, a, 0);
  store<u64>(XX_STATE, b, 8);
  store<u64>(XX_STATE, c, 16);
  store<u64>(XX_STATE, d, 24);
  return at;
}

/** Takes a full window that more input follows. `windows` is the number of windows before it. */
export function xxHash64Absorb(windows: u32): void {
  if (windows == 0) begin();
  absorbStripes(WINDOW);
}

/** Hashes the last `length` bytes of an input, 0 to WINDOW, after `windows` full windows; to OUTPUT. */
export function xxHash64Finish(windows: u32, length: u32): void {
  const total = <u64>windows * WINDOW + length;
  let hash = P5;
  let at = INPUT;
  if (total >= 32) {
    if (windows == 0) begin();
    at = absorbStripes(length);
    const a = load<u64>(XX_STATE, 0);
    const b = load<u64>(XX_STATE, 8);
    const c = load<u64>(XX_STATE, 16);
    const d = load<u64>(XX_STATE, 24);
    hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    hash = mergeRound(hash, a);
    hash = mergeRound(hash, b);
    hash = mergeRound(hash, c);
    hash = mergeRound(hash, d);
  }
  hash += total;
  const end = INPUT + length;
  for (; at + 8 <= end; at += 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * P1 + P4;
  }
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * P1), 23) * P2 + P3;
    at += 4;
  }
  for (; at < end; at++) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * P5), 11) * P1;
  }
  hash = (hash ^ (hash >> 33)) * P2;
  hash = (hash ^ (hash >> 29)) * P3;
  store<u64>(OUTPUT, hash ^ (hash >> 32));
}
