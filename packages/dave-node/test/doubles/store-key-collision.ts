/**
 * A key under which another author's entry has a given store key (xxHash64 of publicKey ‖ key).
 * The public key fills one 32-byte stripe; a key of eight bytes is the one word that follows it,
 * and every step from that word to the hash can be undone.
 * Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
 */
const MASK: bigint = 2n ** 64n - 1n;
const P1 = 0x9e37_79b1_85eb_ca87n;
const P2 = 0xc2b2_ae3d_27d4_eb4fn;
const P3 = 0x1656_67b1_9e37_79f9n;
const P4 = 0x85eb_ca77_c2b2_ae63n;

const mul = (a: bigint, b: bigint): bigint => (a * b) & MASK;
const rotl = (a: bigint, by: bigint): bigint => ((a << by) | (a >> (64n - by))) & MASK;
const rotr = (a: bigint, by: bigint): bigint => rotl(a, 64n - by);

/** The inverse of an odd number modulo 2⁶⁴, by Newton's iteration: each step doubles the right bits. */
function inverse(odd: bigint): bigint {
  let guess = odd;
  for (let bits = 3; bits < 64; bits *= 2) guess = mul(guess, 2n - mul(odd, guess) + 2n ** 64n);
  return guess;
}

const round = (acc: bigint, lane: bigint): bigint => mul(rotl((acc + mul(lane, P2)) & MASK, 31n), P1);

/** Undoes a ^= a >> by. */
function unshift(value: bigint, by: bigint): bigint {
  let result = value;
  for (let done = by; done < 64n; done += by) result = value ^ (result >> by);
  return result;
}

function undoAvalanche(hash: bigint): bigint {
  const third = unshift(hash, 32n);
  const second = unshift(mul(third, inverse(P3)), 29n);
  return unshift(mul(second, inverse(P2)), 33n);
}

/** The state after the public key's stripe, for an input of 40 bytes. */
function stateAfter(publicKey: Uint8Array): bigint {
  const view = new DataView(publicKey.buffer, publicKey.byteOffset, 32);
  const seeds = [(P1 + P2) & MASK, P2, 0n, (MASK + 1n - P1) & MASK];
  const lanes = seeds.map((seed, at) => round(seed, view.getBigUint64(8 * at, true)));
  let acc = (rotl(lanes[0]!, 1n) + rotl(lanes[1]!, 7n) + rotl(lanes[2]!, 12n) + rotl(lanes[3]!, 18n)) & MASK;
  for (const lane of lanes) acc = (mul(acc ^ round(0n, lane), P1) + P4) & MASK;
  return (acc + 40n) & MASK;
}

/** The eight-byte key of this author whose store key is `target`; undefined when its bytes are not UTF-8. */
export function collidingKey(publicKey: Uint8Array, target: bigint): string | undefined {
  const beforeAvalanche = undoAvalanche(target);
  const mixed = rotr(mul((beforeAvalanche - P4) & MASK, inverse(P1)), 27n) ^ stateAfter(publicKey);
  const lane = mul(rotr(mul(mixed, inverse(P1)), 31n), inverse(P2));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, lane, true);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
