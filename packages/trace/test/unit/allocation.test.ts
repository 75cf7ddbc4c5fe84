import { getHeapStatistics } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { createEventLog, tracePeer, type EventLog, type TraceContext } from '../../src/index.ts';

/** Bytes that were ever allocated on the heap; older versions of Node do not count them. */
const allocated = (): number | undefined => (getHeapStatistics() as { total_allocated_bytes?: number }).total_allocated_bytes;
const CALLS = 40_000;
/** Half of the smallest object. */
const NO_OBJECT = 8;

/**
 * The least of up to `rounds`: compilation allocates, too, the count moves in steps of a quarter of a megabyte, and on a
 * busy machine the optimised code, which is made by another thread, comes late.
 */
function bytesPerCall(call: (n: number) => unknown, rounds: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && least >= NO_OBJECT; round += 1) {
    const before = allocated()!;
    for (let n = 0; n < CALLS; n += 1) call(n);
    least = Math.min(least, (allocated()! - before) / CALLS);
  }
  return least;
}

const peer = tracePeer(new Uint8Array(32).fill(1));
const peerBytes = new Uint8Array(32).fill(2);
const appId = Uint8Array.of(1, 2, 3, 4);
const data = new Uint8Array(40);

const WRITERS: readonly (readonly [string, (log: EventLog, context: TraceContext, n: number) => void])[] = [
  ['packetSent', (log, context, n) => log.packetSent(context, peer, 1200, n)],
  ['packetSent with a peer as bytes', (log, context, n) => log.packetSent(context, peerBytes, 1200, n)],
  ['streamData', (log, context, n) => log.streamData(context, peer, 4, n, 1200, false)],
  ['appCommand', (log, context) => log.appCommand(context, peer, appId, 1, data)],
  ['custom', (log, context) => log.custom(context, peer, 1, 2, data)],
  ['spanStart', (log, context) => log.spanStart(context, peer, 'span')],
];

describe.skipIf(allocated() === undefined)('allocation', () => {
  test.each(WRITERS)('%s makes no object', (_name, write) => {
    for (const options of [{}, { index: true, shared: true }]) {
      const log = createEventLog({ slots: 4096, ...options });
      const context = log.newTrace();
      expect(bytesPerCall((n) => write(log, context, n), 200)).toBeLessThan(NO_OBJECT);
    }
  });

  test('would be seen: newTrace makes one', () => {
    const log = createEventLog({ slots: 64 });
    expect(bytesPerCall(() => log.newTrace(), 10)).toBeGreaterThan(32);
  });
});
