import { blake3, type RandomBytes } from '../src/api.ts';

/** The same bytes in every run: BLAKE3 of seed and call number. At most 32 bytes per call. */
export function seededRandom(seed: number): RandomBytes {
  let calls = 0;
  return {
    bytes(length) {
      calls += 1;
      return blake3(Uint8Array.of(seed, calls & 255, calls >> 8)).slice(0, length);
    },
  };
}
