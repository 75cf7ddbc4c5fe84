/** A source of random bytes. `systemRandom` is the runtime's; a simulation passes a seeded one. */
export interface RandomBytes {
  /** `length` fresh bytes, unpredictable in production. */
  bytes(length: number): Uint8Array;
}
