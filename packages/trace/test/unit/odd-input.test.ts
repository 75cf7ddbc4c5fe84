import { describe, expect, test, vi } from 'vitest';
import { contextFromWire, createEventLog, readDump, TraceQuery, tracePeer, type AppCommandEvent, type EventLog, type PeerRef, type TraceContext } from '../../src/index.ts';

const appId = Uint8Array.of(1, 2, 3, 4);
const odd = (value: unknown): never => value as never;
const shared = (): EventLog => createEventLog({ shared: true, lanes: 1, slots: 64 });

/** Fills every slot once more: one that stayed busy would drop an event. */
function isSound(log: EventLog): void {
  const { dropped } = log.stats;
  const { cursor } = log.query.since();
  for (let n = 0; n < 64; n += 1) log.packetLost(undefined, undefined, n);
  expect(log.stats.dropped).toBe(dropped);
  expect(log.query.since(cursor).events.length).toBe(64);
}

const ODD: readonly unknown[] = [null, Symbol('x'), 1n, 'text', {}, new BigUint64Array(32).fill(1n), Number.NaN];

describe('writers never throw, and leave no slot busy', () => {
  test.each<[string, (log: EventLog, value: never) => void]>([
    ['peer', (log, value) => log.packetSent(undefined, value, 1, 1)],
    ['endpoint', (log, value) => log.connInit(undefined, undefined, value)],
    ['rttUs', (log, value) => log.connEstablished(undefined, undefined, value)],
    ['code', (log, value) => log.connClosed(undefined, undefined, value)],
    ['stream', (log, value) => log.streamData(undefined, undefined, value, value, value, value)],
    ['stream code', (log, value) => log.streamClosed(undefined, undefined, value, value)],
    ['packet', (log, value) => log.packetReceived(undefined, undefined, value, value)],
    ['packet size', (log, value) => log.packetReceived(undefined, undefined, value, 1)],
    ['appId', (log, value) => log.appStart(undefined, undefined, value, 1)],
    ['command', (log, value) => log.appEnd(undefined, undefined, appId, value, value)],
    ['payload', (log, value) => log.appCommand(undefined, undefined, appId, 1, value)],
    ['category', (log, value) => log.custom(undefined, undefined, value, value)],
    ['custom data', (log, value) => log.custom(undefined, undefined, 1, 1, value)],
    ['span name', (log, value) => log.spanStart(undefined, undefined, value)],
  ])('%s of any type', (_field, write) => {
    for (const value of ODD) {
      const log = shared();
      write(log, odd(value));
      expect(log.stats.written).toBe(1);
      expect(log.query.recent(1).length).toBe(1);
      isSound(log);
      const strict = createEventLog({ slots: 64, strict: true, shared: true });
      try {
        write(strict, odd(value));
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        expect(strict.stats.written).toBe(0);
      }
      isSound(createEventLog({ slots: 64, shared: true, lanes: 1 }));
    }
  });

  test('null is no context and no peer, as undefined is', () => {
    const log = createEventLog({ slots: 64, strict: true });
    log.packetSent(odd(null), odd(null), 1, 1);
    log.spanStart(odd(null), odd(null), 'a');
    expect(log.query.recent(2)).toEqual([
      expect.objectContaining({ kind: 'packetSent', traceId: undefined, peerId: undefined, truncated: false }),
      expect.objectContaining({ kind: 'spanStart', traceId: undefined, peerId: undefined, truncated: false }),
    ]);
  });

  test('an event that is none records nothing', () => {
    const log = shared();
    for (const value of ODD) log.log(odd(value));
    expect(log.stats.written).toBe(0);
    isSound(log);
  });

  test('a clock that throws: the event has the time before it, and is flagged', () => {
    const nowUs = vi.fn<() => number>().mockReturnValue(5);
    const log = createEventLog({ shared: true, lanes: 1, slots: 64, clock: { nowUs } });
    log.packetLost(undefined, undefined, 1);
    nowUs.mockImplementation(() => {
      throw new Error('mine');
    });
    log.packetLost(undefined, undefined, 2);
    expect(log.newTrace().startTime).toBe(5);
    expect(log.query.recent(2)).toEqual([expect.objectContaining({ timeUs: 5, truncated: false }), expect.objectContaining({ timeUs: 5, truncated: true })]);
    expect(log.stats.truncated).toBe(1);
    isSound(log);
  });
});

describe('a time that is none', () => {
  test.each([
    [Number.NaN, 7],
    [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
    [Number.NEGATIVE_INFINITY, -Number.MAX_SAFE_INTEGER],
    [1e300, Number.MAX_SAFE_INTEGER],
    [odd('later'), 7],
    [odd(9n), 7],
  ])('%s is kept as %s and flagged, and spoils no other event', (timeUs, kept) => {
    const clock = { nowUs: (): number => 7 };
    const log = createEventLog({ slots: 64, clock });
    const context = log.newTrace();
    log.packetLost(context, undefined, 1);
    clock.nowUs = () => timeUs;
    log.packetLost(context, undefined, 2);
    const events = log.query.where({});
    expect(events.find(({ truncated }) => truncated)).toMatchObject({ timeUs: kept });
    expect(readDump(log.query.exportDump())).toEqual({ events, damage: [] });
    const chrome = JSON.parse(log.query.exportChrome()) as { traceEvents: { ph: string; ts?: unknown }[] };
    for (const { ph, ts } of chrome.traceEvents) if (ph !== 'M') expect(ts).toBeTypeOf('number');
    for (const [, digits] of log.query.exportOtlp().matchAll(/UnixNano":"(\d+)"/g)) expect(BigInt(digits!)).toBeLessThan(2n ** 64n);
    expect(() => createEventLog({ slots: 64, strict: true }).log({ kind: 'packetLost', context: undefined, packetNumber: 1, timeUs })).toThrow(TypeError);
  });

  test('in events from elsewhere spoils neither their dump nor their export', () => {
    const log = createEventLog({ slots: 64, clock: { nowUs: () => 1000 } });
    const context = log.newTrace();
    for (let n = 0; n < 3; n += 1) log.packetLost(context, undefined, n);
    const events = log.query.where({}).map((event, at) => (at === 1 ? { ...event, timeUs: Number.NaN } : at === 2 ? { ...event, timeUs: 1e300 } : event));
    const query = new TraceQuery(events);
    const { events: read, damage } = readDump(query.exportDump());
    expect(damage).toEqual([]);
    expect(read.map(({ timeUs, truncated }) => [timeUs, truncated])).toEqual([[1000, false], [0, true], [Number.MAX_SAFE_INTEGER, true]]);
    const { traceEvents } = JSON.parse(query.exportChrome()) as { traceEvents: { ph: string; ts?: unknown }[] };
    expect(traceEvents.filter(({ ph }) => ph !== 'M').every(({ ts }) => typeof ts === 'number')).toBe(true);
    for (const [, digits] of query.exportOtlp().matchAll(/UnixNano":"(\d+)"/g)) expect(BigInt(digits!)).toBeLessThan(2n ** 64n);
  });
});

describe('ids that do not fit are cut, flagged and counted, and thrown where the log is strict', () => {
  const long = new Uint8Array(40).fill(6);

  test.each<[string, () => PeerRef]>([
    ['bytes', () => long],
    ['a prepared peer', () => tracePeer(long)],
  ])('a peer of 40 bytes, %s', (_how, make) => {
    const log = createEventLog({ slots: 64 });
    log.packetSent(undefined, make(), 1, 1);
    expect(log.query.peer(make() instanceof Uint8Array ? long.subarray(0, 32) : make()!)).toEqual([expect.objectContaining({ peerId: '06'.repeat(32), truncated: true })]);
    expect(log.stats).toMatchObject({ written: 1, truncated: 1 });
    log.packetSent(undefined, make(), -1, 1);
    expect(log.stats).toMatchObject({ written: 2, truncated: 2 });
    const strict = createEventLog({ slots: 64, strict: true });
    expect(() => strict.packetSent(undefined, make(), 1, 1)).toThrow(TypeError);
    expect(strict.stats.written).toBe(0);
  });

  test('a node of 40 bytes', () => {
    const log = createEventLog({ slots: 64 });
    log.forNode(long).packetSent(undefined, undefined, 1, 1);
    expect(log.query.recent(1)).toEqual([expect.objectContaining({ nodeId: '06'.repeat(32), truncated: true })]);
    expect(log.stats.truncated).toBe(1);
    expect(() => createEventLog({ slots: 64, strict: true }).forNode(long)).toThrow(TypeError);
    log.forNode(odd(null)).packetSent(undefined, undefined, 1, 1);
    expect(log.query.recent(1)).toEqual([expect.objectContaining({ nodeId: '0'.repeat(64), truncated: true })]);
  });

  test('a node beyond maxNodes', () => {
    const log = createEventLog({ slots: 64, maxNodes: 1, nodeId: Uint8Array.of(1) });
    log.forNode(Uint8Array.of(2)).packetSent(undefined, undefined, 1, 1);
    log.packetSent(undefined, undefined, 1, 1);
    expect(log.query.recent(2).map(({ nodeId, truncated }) => [nodeId.slice(0, 2), truncated])).toEqual([['00', true], ['01', false]]);
    expect(log.stats).toMatchObject({ truncated: 1, refusedNames: 1 });
    expect(() => createEventLog({ slots: 64, maxNodes: 1, nodeId: Uint8Array.of(1), strict: true }).forNode(Uint8Array.of(2))).toThrow(TypeError);
  });
});

test('what is no item, or has odd flags, is an unsampled context', () => {
  const log = createEventLog({ slots: 64 });
  const item = { traceId: new Uint8Array(16).fill(1), spanId: 1n, startUs: 1n, flags: 1 };
  for (const value of [null, undefined, 5, { ...item, flags: 1n }, { ...item, flags: '1' }]) {
    for (const context of [contextFromWire(odd(value)), log.contextFromWire(odd(value))] as TraceContext[]) expect(context).toMatchObject({ flags: 0, traceIdHex: '0'.repeat(32) });
  }
});

test('where shouldTrace throws, nothing of the payload is kept', () => {
  const log = createEventLog({ slots: 64 });
  const writeTraceData = vi.fn<() => void>();
  log.apps.register({
    appId,
    writeTraceData,
    describeCommand: () => 'X',
    shouldTrace: () => {
      throw new Error('mine');
    },
  });
  log.appCommand(undefined, undefined, appId, 1, new TextEncoder().encode('secret'));
  const [event] = log.query.recent(1) as AppCommandEvent[];
  expect(event).toMatchObject({ truncated: true, data: new Uint8Array(0) });
  expect(writeTraceData).not.toHaveBeenCalled();
});
