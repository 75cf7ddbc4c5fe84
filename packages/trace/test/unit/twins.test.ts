import { expect, expectTypeOf, test } from 'vitest';
import * as noop from '@p2p/trace-noop';
import * as chosen from '@p2p/trace';
import * as live from '../../src/index.ts';

test('the twins have the same exports with the same types', () => {
  expect(Object.keys(noop).sort()).toEqual(Object.keys(live).sort());
  expectTypeOf<typeof noop>().toExtend<typeof live>();
  expectTypeOf<typeof live>().toExtend<typeof noop>();
});

test('the condition p2p-trace chooses the live twin, its absence the no-op', () => {
  expect(chosen.TRACE).toBe(process.env['P2P_FLAVOUR'] === 'traced');
});

test('the live log and the no-op log have the same members', () => {
  const membersOf = (value: object): string[] => {
    const names = new Set<string>();
    for (let layer: object | null = value; layer !== null && layer !== Object.prototype; layer = Object.getPrototypeOf(layer) as object | null) {
      for (const name of Object.getOwnPropertyNames(layer)) names.add(name);
    }
    return [...names];
  };
  const log = live.createEventLog({ slots: 64 });
  const off = noop.createEventLog();
  expect(membersOf(log)).toEqual(expect.arrayContaining(Object.keys(off)));
  expect(membersOf(log.query)).toEqual(expect.arrayContaining(Object.keys(off.query)));
  expect(Object.keys(log.stats).sort()).toEqual(Object.keys(off.stats).sort());
  expect(membersOf(new live.AppRegistry())).toEqual(expect.arrayContaining(Object.keys(new noop.AppRegistry())));
  expect(Object.keys(live.contextToWire(live.newTrace())).sort()).toEqual(Object.keys(noop.contextToWire(noop.newTrace())).sort());
});

test('the no-op twin keeps its contract: one frozen zero context, empty answers, nothing registered', () => {
  const log = noop.createEventLog({ shared: true, index: true });
  const context = log.newTrace();
  expect(noop.createEventLog.full()).toBe(log);
  expect(log.forNode(new Uint8Array(32))).toBe(log);
  expect(log.childOf(context)).toBe(context);
  expect(noop.newTrace()).toBe(context);
  expect(Object.isFrozen(context)).toBe(true);
  expect(context).toMatchObject({ traceIdHex: '0'.repeat(32), spanId: 0n, parentSpanId: 0n, startTime: 0, flags: 0 });
  expect(log.contextFromWire({ traceId: new Uint8Array(16).fill(1), spanId: 1n, startUs: 1n, flags: 1 })).toBe(context);
  log.packetSent(context, undefined, 1, 1);
  log.log({ kind: 'packetLost', context, packetNumber: 1 });
  const query = new noop.TraceQuery(log);
  expect(query.recent(10)).toEqual([]);
  expect(query.trace(context)).toEqual([]);
  expect(query.since().events).toEqual([]);
  expect(JSON.parse(query.exportJson())).toEqual({ events: [] });
  expect(JSON.parse(query.exportChrome())).toEqual({ traceEvents: [] });
  expect(JSON.parse(query.exportOtlp())).toEqual({ resourceSpans: [] });
  expect(noop.readDump(query.exportDump())).toEqual({ events: [], damage: [] });
  // Nothing that it gives can be changed for the next one who asks.
  context.traceId.fill(7);
  noop.tracePeer(new Uint8Array(1)).bytes.fill(7);
  (query.since().events as unknown[]).push(1);
  expect([context.traceId, noop.tracePeer(new Uint8Array(1)).bytes, query.since().events]).toEqual([new Uint8Array(16), new Uint8Array(32), []]);
  const apps = new noop.AppRegistry();
  const protocol = { appId: new Uint8Array(4), writeTraceData: () => undefined, describeCommand: () => '' };
  expect(apps.register(protocol)).toBe(true);
  expect(apps.get(protocol.appId)).toBeUndefined();
  expect(log.stats.written).toBe(0);
});
