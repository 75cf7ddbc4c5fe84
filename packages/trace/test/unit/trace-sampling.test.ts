import { describe, expect, test } from 'vitest';
import { contextToWire, createEventLog, TRACE_FLAGS, type EventLog, type TraceWireItem } from '../../src/index.ts';
import { REMEMBERED_DECISIONS } from '../../src/trace-decisions.ts';
import { GivenRandom, GivenTime } from '../given-time.ts';

const { sampled, debug } = TRACE_FLAGS;

function remote(id: number): TraceWireItem {
  const traceId = new Uint8Array(16).fill(9);
  new DataView(traceId.buffer).setUint32(0, id);
  return { traceId, spanId: 5n, startUs: 5n, flags: sampled | debug };
}

const accepts = (log: EventLog, item: TraceWireItem): boolean => (log.contextFromWire(item).flags & sampled) !== 0;

describe('a trace of this log that comes back', () => {
  test('is no stranger’s: it takes nothing from their bucket, and none is needed', () => {
    const log = createEventLog({ slots: 64, remoteTracesPerSecond: 1, clock: new GivenTime() });
    const mine = Array.from({ length: 20 }, () => log.newTrace());
    expect(accepts(log, remote(1))).toBe(true);
    expect(accepts(log, remote(2))).toBe(false);
    for (const context of mine) expect(accepts(log, { ...contextToWire(context), spanId: 77n })).toBe(true);
    expect(log.stats.refusedTraces).toBe(1);
    const none = createEventLog({ slots: 64, remoteTracesPerSecond: 0 });
    expect(accepts(none.forNode(Uint8Array.of(1)), contextToWire(none.newTrace()))).toBe(true);
  });

  test('is not recorded if it was not when it began, whatever comes back', () => {
    const log = createEventLog({ slots: 64, sampleRate: 0 });
    const item = { ...contextToWire(log.newTrace()), flags: sampled | debug };
    expect(log.contextFromWire(item).flags).toBe(0);
    expect(log.stats.refusedTraces).toBe(0);
  });
});

describe('a decision about a stranger’s trace', () => {
  test('is remembered exactly for the last 2048, whatever their ids', () => {
    const log = createEventLog({ slots: 64, remoteTracesPerSecond: 1, clock: new GivenTime() });
    expect(accepts(log, remote(0))).toBe(true);
    for (let id = 1; id < REMEMBERED_DECISIONS; id += 1) expect(accepts(log, remote(id))).toBe(false);
    expect(accepts(log, remote(0))).toBe(true);
    expect(log.stats.refusedTraces).toBe(REMEMBERED_DECISIONS - 1);
    // One more takes the place of the oldest, and of that alone.
    accepts(log, remote(REMEMBERED_DECISIONS));
    expect(accepts(log, remote(0))).toBe(false);
  });

  test('is not pushed out by ids that were chosen to share its place', () => {
    const log = createEventLog({ slots: 64, remoteTracesPerSecond: 1, clock: new GivenTime() });
    accepts(log, remote(0));
    // The hash mixes words 0 and 2 so that these cancel out: all are in one chain.
    const chosen = (n: number): TraceWireItem => {
      const traceId = new Uint8Array(16).fill(9);
      const view = new DataView(traceId.buffer);
      view.setInt32(0, 0);
      view.setInt32(8, view.getInt32(8, true) ^ n, true);
      view.setInt32(0, view.getInt32(0, true) ^ ((n << 7) | (n >>> 25)), true);
      return { ...remote(0), traceId };
    };
    for (let n = 1; n < REMEMBERED_DECISIONS; n += 1) expect(accepts(log, chosen(n))).toBe(false);
    expect(accepts(log, remote(0))).toBe(true);
  });

  test('survives as many of this log’s own traces as there may be', () => {
    const log = createEventLog({ slots: 64, remoteTracesPerSecond: 1, clock: new GivenTime(), random: new GivenRandom() });
    accepts(log, remote(0));
    for (let n = 0; n < 3 * REMEMBERED_DECISIONS; n += 1) log.newTrace();
    expect(accepts(log, remote(0))).toBe(true);
  });

  test('that was a refusal stays one when there is room again, and is counted once', () => {
    const time = new GivenTime();
    const log = createEventLog({ slots: 64, clock: time, remoteTracesPerSecond: 1 });
    accepts(log, remote(1));
    expect(accepts(log, remote(2))).toBe(false);
    time.advance(10_000_000);
    expect(accepts(log, remote(2))).toBe(false);
    expect(log.stats.refusedTraces).toBe(1);
    expect(accepts(log, remote(3))).toBe(true);
  });
});

test('a bucket that was left alone for an hour holds one second’s worth', () => {
  const time = new GivenTime();
  const log = createEventLog({ slots: 64, clock: time, remoteTracesPerSecond: 10 });
  time.advance(3_600_000_000);
  expect(Array.from({ length: 100 }, (_, id) => accepts(log, remote(id))).filter(Boolean).length).toBe(10);
});
