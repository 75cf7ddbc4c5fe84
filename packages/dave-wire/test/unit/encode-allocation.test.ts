import { getHeapStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { encodeMessage, encodeMessageInto } from '../../src/api.ts';
import { randomMessage } from '../fuzz/random-message.ts';
import { SeededRandom } from '../fuzz/seeded-random.ts';

/** Bytes that were ever allocated on the heap; older versions of Node do not count them. */
const allocated = (): number | undefined => (getHeapStatistics() as { total_allocated_bytes?: number }).total_allocated_bytes;

function bytesPerCall(call: (index: number) => unknown): number {
  const run = (count: number): void => {
    for (let index = 0; index < count; index += 1) call(index % 256);
  };
  // Compilation allocates, too, and the count moves in steps of a quarter of a megabyte: the least of several long
  // rounds is what the calls themselves do.
  run(100_000);
  const rounds = Array.from({ length: 3 }, () => {
    const before = allocated()!;
    run(150_000);
    return (allocated()! - before) / 150_000;
  });
  return Math.min(...rounds);
}

describe.skipIf(allocated() === undefined)('allocation', () => {
  const random = new SeededRandom(5);
  const messages = Array.from({ length: 256 }, () => randomMessage(random));
  const target = new Uint8Array(1424);

  it('encodeMessageInto makes no object, for any message', () => {
    expect(bytesPerCall((index) => encodeMessageInto(messages[index]!, target))).toBeLessThan(2);
  });

  it('would be seen: encodeMessage makes one', () => {
    expect(bytesPerCall((index) => encodeMessage(messages[index]!))).toBeGreaterThan(64);
  });
});
