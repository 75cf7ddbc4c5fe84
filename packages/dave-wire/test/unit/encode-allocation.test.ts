import { getHeapStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { encodeMessage, encodeMessageInto } from '../../src/api.ts';
import { randomMessage } from '../fuzz/random-message.ts';
import { SeededRandom } from '../fuzz/seeded-random.ts';

/** Bytes that were ever allocated on the heap; older versions of Node do not count them. */
const allocated = (): number | undefined => (getHeapStatistics() as { total_allocated_bytes?: number }).total_allocated_bytes;

const CALLS = 150_000;
/** Less than any object has. */
const NO_OBJECT = 2;

/**
 * The least of up to `rounds`: compilation allocates, too, the count moves in steps of a quarter of a megabyte, and on a
 * busy machine the optimised code, which is made by another thread, comes late.
 */
function bytesPerCall(call: (index: number) => unknown, rounds: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && least >= NO_OBJECT; round += 1) {
    const before = allocated()!;
    for (let index = 0; index < CALLS; index += 1) call(index % 256);
    least = Math.min(least, (allocated()! - before) / CALLS);
  }
  return least;
}

describe.skipIf(allocated() === undefined)('allocation', () => {
  const random = new SeededRandom(5);
  const messages = Array.from({ length: 256 }, () => randomMessage(random));
  const target = new Uint8Array(1424);

  it('encodeMessageInto makes no object, for any message', () => {
    expect(bytesPerCall((index) => encodeMessageInto(messages[index]!, target), 30)).toBeLessThan(NO_OBJECT);
  });

  it('would be seen: encodeMessage makes one', () => {
    expect(bytesPerCall((index) => encodeMessage(messages[index]!), 3)).toBeGreaterThan(64);
  });
});
