const TWO_32 = 4_294_967_296;

/** The two halves of a peer id, for arithmetic without bigints. */
export interface IdWords {
  readonly low: number;
  readonly high: number;
}

export function idWords(id: bigint): IdWords {
  return { low: Number(id & 0xffff_ffffn), high: Number((id >> 32n) & 0xffff_ffffn) };
}

/**
 * 1 - distance / 2⁶⁴ between us and the author whose public key starts at `offset`: 1 for our own
 * id, and above 0 also for the farthest one. To the 53 bits of a number.
 */
export function closeness(self: IdWords, bytes: Uint8Array, offset: number): number {
  const low = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
  const high = bytes[offset + 4]! | (bytes[offset + 5]! << 8) | (bytes[offset + 6]! << 16) | (bytes[offset + 7]! << 24);
  // 2⁶⁴ - distance = ~distance + 1
  const nearLow = ~(low ^ self.low) >>> 0;
  const nearHigh = ~(high ^ self.high) >>> 0;
  return (nearHigh * TWO_32 + nearLow + 1) / (TWO_32 * TWO_32);
}

/** Closeness × ms left until expiry, 0 from then on. (Seconds in the protocol's words; the factor orders nothing differently.) */
export function priorityAt(closenessOfAuthor: number, expiresMs: number, nowMs: number): number {
  const left = expiresMs - nowMs;
  return left > 0 ? left * closenessOfAuthor : 0;
}
