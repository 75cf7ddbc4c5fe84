import { describe, expect, test } from 'vitest';
import { childOf, contextFromWire, contextToWire, createEventLog, newTrace, TRACE_FLAGS } from '../../src/index.ts';
import { GivenRandom, GivenTime } from '../given-time.ts';

const { sampled, debug, appInitiated } = TRACE_FLAGS;

describe('contexts', () => {
  test('a child has the trace of its parent, a span of its own, and the parent’s as parent', () => {
    for (const [parent, child] of [((log) => [log.newTrace(), log] as const)(createEventLog({ slots: 64 }))].map(([context, log]) => [context, log.childOf(context)] as const)) {
      expect(child.traceId).toEqual(parent.traceId);
      expect(child.parentSpanId).toBe(parent.spanId);
      expect(child.spanId).not.toBe(parent.spanId);
      expect(child.flags).toBe(parent.flags);
      expect(parent.parentSpanId).toBe(0n);
    }
    const context = newTrace(appInitiated);
    expect(context.flags).toBe(sampled | appInitiated);
    expect(childOf(context)).toMatchObject({ traceIdHex: context.traceIdHex, parentSpanId: context.spanId });
  });

  test('ids come from the log’s randomness, the start from its clock', () => {
    const make = (): string[] => {
      const log = createEventLog({ slots: 64, random: new GivenRandom(7), clock: new GivenTime(5) });
      return Array.from({ length: 300 }, () => log.newTrace()).map(({ traceIdHex, spanId, startTime }) => `${traceIdHex} ${spanId} ${startTime}`);
    };
    expect(make()).toEqual(make());
    expect(new Set(make()).size).toBe(300);
    expect(make()[0]).toMatch(/^[\da-f]{32} \d+ 5$/);
  });

  test('what is read from a context is a copy', () => {
    const context = newTrace();
    context.traceId.fill(0);
    expect(context.traceIdHex).not.toBe('0'.repeat(32));
  });

  test('a context survives the wire', () => {
    const context = childOf(newTrace(debug | appInitiated));
    const item = contextToWire(context);
    expect(item).toEqual({ traceId: context.traceId, spanId: context.spanId, startUs: BigInt(Math.floor(context.startTime)), flags: 7 });
    const there = contextFromWire(item);
    expect(there).toMatchObject({ traceIdHex: context.traceIdHex, spanId: context.spanId, parentSpanId: 0n, startTime: Math.floor(context.startTime), flags: 7 });
    expect(childOf(there).parentSpanId).toBe(context.spanId);
  });

  test.each([
    ['the largest', 2n ** 64n - 1n, 2n ** 64n - 1n],
    ['one beyond', 2n ** 70n, 2n ** 64n - 1n],
    ['a negative one', -5n, 0n],
  ])('a start that a stranger chose is passed on as a u64: %s', (_what, startUs, sent) => {
    const item = { traceId: new Uint8Array(16).fill(1), spanId: 1n, startUs, flags: 1 };
    expect(contextToWire(contextFromWire(item)).startUs).toBe(sent);
    expect(contextToWire(createEventLog({ slots: 64 }).contextFromWire(item)).startUs).toBe(sent);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 80])('a clock that says %s gives contexts that can be sent', (timeUs) => {
    const { startUs } = contextToWire(createEventLog({ slots: 64, clock: { nowUs: () => timeUs } }).newTrace());
    expect(startUs).toBeGreaterThanOrEqual(0n);
    expect(startUs).toBeLessThan(2n ** 64n);
  });

  test.each([
    ['a short trace id', { traceId: new Uint8Array(15).fill(1), spanId: 1n, startUs: 1n, flags: 1 }],
    ['an id of zeros', { traceId: new Uint8Array(16), spanId: 1n, startUs: 1n, flags: 1 }],
    ['no bigint', { traceId: new Uint8Array(16).fill(1), spanId: 1 as unknown as bigint, startUs: 1n, flags: 1 }],
  ])('a malformed item gives an unsampled context: %s', (_what, item) => {
    expect(contextFromWire(item)).toMatchObject({ flags: 0, traceIdHex: '0'.repeat(32) });
    const log = createEventLog({ slots: 64 });
    log.packetLost(log.contextFromWire(item), undefined, 1);
    expect(log.stats.written).toBe(0);
  });

  test('flags that are not ours are left out, and debug is nothing without sampled', () => {
    const item = { traceId: new Uint8Array(16).fill(1), spanId: 2n ** 64n - 1n, startUs: 2n ** 64n - 1n, flags: 0xfe };
    expect(contextFromWire(item)).toMatchObject({ flags: appInitiated, spanId: 2n ** 64n - 1n });
    expect(contextFromWire({ ...item, flags: 0xff }).flags).toBe(7);
  });
});

describe('sampling', () => {
  test('is decided once per trace, at the log’s rate', () => {
    const log = createEventLog({ slots: 64, sampleRate: 0.25, random: new GivenRandom(3) });
    const contexts = Array.from({ length: 4000 }, () => log.newTrace());
    const share = contexts.filter(({ flags }) => (flags & sampled) !== 0).length / contexts.length;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.28);
    for (const context of contexts) expect(log.childOf(context).flags).toBe(context.flags);
  });

  test('a trace that is not sampled is not recorded, by any writer; debug makes it', () => {
    const log = createEventLog({ slots: 64, sampleRate: 0 });
    const context = log.newTrace();
    log.connInit(context, undefined, 'a');
    log.connEstablished(context, undefined, 1);
    log.connClosed(context, undefined, 1);
    log.streamData(context, undefined, 1, 1, 1, false);
    log.packetSent(context, undefined, 1, 1);
    log.appCommand(context, undefined, new Uint8Array(4), 1, new Uint8Array(0));
    log.custom(context, undefined, 1, 1);
    log.spanStart(context, undefined, 'a');
    log.log({ kind: 'packetLost', context, packetNumber: 1 });
    expect(log.stats.written).toBe(0);
    log.packetLost(log.newTrace(debug), undefined, 1);
    log.packetLost(undefined, undefined, 1);
    expect(log.stats.written).toBe(2);
  });

  const remote = (id: number, flags: number = sampled | debug): Parameters<typeof contextFromWire>[0] => {
    const traceId = new Uint8Array(16).fill(9);
    new DataView(traceId.buffer).setUint32(0, id);
    return { traceId, spanId: 5n, startUs: 5n, flags };
  };

  test('a remote peer’s wish is honoured within a rate, once per trace', () => {
    const time = new GivenTime();
    const log = createEventLog({ slots: 64, clock: time, remoteTracesPerSecond: 10 });
    const flagsOf = (id: number): number => log.contextFromWire(remote(id)).flags;
    const first = Array.from({ length: 30 }, (_, id) => flagsOf(id));
    expect(first.filter((flags) => flags === (sampled | debug)).length).toBe(10);
    expect(first.filter((flags) => flags === 0).length).toBe(20);
    // Further packets of the same traces cost nothing and change nothing.
    expect(Array.from({ length: 30 }, (_, id) => flagsOf(id))).toEqual(first);
    time.advance(500_000);
    expect(Array.from({ length: 30 }, (_, id) => flagsOf(id + 100)).filter((flags) => flags !== 0).length).toBe(5);
    time.advance(-3_600_000_000);
    expect(flagsOf(1000)).toBe(0);
    time.advance(100_000);
    expect(flagsOf(1001)).toBe(sampled | debug);
  });

  test('zero remote traces per second: none; unsampled ones need no permission', () => {
    const log = createEventLog({ slots: 64, remoteTracesPerSecond: 0 });
    expect(log.contextFromWire(remote(1)).flags).toBe(0);
    expect(log.contextFromWire(remote(2, appInitiated)).flags).toBe(appInitiated);
    expect(createEventLog({ slots: 64, remoteTracesPerSecond: 0.5 }).contextFromWire(remote(1)).flags).toBe(sampled | debug);
  });
});

describe('tables', () => {
  test('one log serves many nodes, and says when it cannot tell more apart', () => {
    const log = createEventLog({ slots: 64, maxNodes: 2, nodeId: Uint8Array.of(1) });
    const [second, again, third] = [log.forNode(Uint8Array.of(2)), log.forNode(Uint8Array.of(2)), log.forNode(Uint8Array.of(3))];
    for (const node of [log, second, again, third]) node.packetLost(undefined, undefined, 1);
    expect(log.query.recent(4).map(({ nodeId }) => nodeId.slice(0, 2))).toEqual(['01', '02', '02', '00']);
    expect(log.stats.refusedNames).toBe(1);
    expect(log.query.where({ nodeId: Uint8Array.of(2) }).length).toBe(2);
  });

  test('span names beyond the table are flagged; known ones go on', () => {
    const log = createEventLog({ slots: 1024 });
    for (let n = 0; n < 300; n += 1) log.spanStart(undefined, undefined, `name ${n}`);
    log.spanStart(undefined, undefined, 'name 254');
    const events = log.query.where({ kinds: ['spanStart'] }) as { name: string; truncated: boolean }[];
    expect(events.slice(0, 255).map(({ name }) => name)).toEqual(Array.from({ length: 255 }, (_, n) => `name ${n}`));
    expect(events.slice(255, 300).every(({ name, truncated }) => name === '(other)' && truncated)).toBe(true);
    expect(events.at(-1)).toMatchObject({ name: 'name 254', truncated: false });
  });
});
