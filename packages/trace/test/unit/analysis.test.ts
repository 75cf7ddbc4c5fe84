import { describe, expect, test } from 'vitest';
import { createEventLog, formatEvent, TraceQuery } from '../../src/index.ts';
import { tellStory } from '../story.ts';

const { log, put, get } = tellStory();
const peer = (n: number): string => `0${n}`.repeat(32);

describe('analysis', () => {
  test('of a connection', () => {
    expect(log.query.analyzeConnection(peer(2))).toEqual({
      peerId: peer(2),
      events: 9,
      firstUs: 1_800_000_000_000_100,
      lastUs: 1_800_000_000_013_300,
      packetsSent: 2,
      packetsReceived: 1,
      packetsLost: 1,
      bytesSent: 1300,
      bytesReceived: 60,
      lossRate: 0.5,
      rtt: { count: 2, minUs: 3500, meanUs: 4000, p50Us: 3500, p95Us: 4500, p99Us: 4500, maxUs: 4500 },
      streamsOpened: 0,
      abnormalCloses: 1,
    });
    expect(log.query.analyzeConnection(new Uint8Array(32).fill(77))).toMatchObject({ events: 0, firstUs: 0, lossRate: 0, rtt: undefined });
  });

  test('of what took longest', () => {
    const [first, second, ...rest] = log.query.slowest(5);
    expect(first).toMatchObject({ traceId: put.traceIdHex, name: 'put', durationUs: 11_800, nodeIds: [peer(1), peer(2), peer(3)] });
    expect(second).toMatchObject({ traceId: get.traceIdHex, name: 'GET_CHUNK', durationUs: 500, nodeIds: [peer(1)] });
    expect(rest).toEqual([]);
    expect(log.query.slowest(1)).toEqual([first]);
    expect(log.query.slowest(0)).toEqual([]);
  });

  test('of what went wrong', () => {
    expect(log.query.problems()).toEqual([
      expect.objectContaining({ traceId: get.traceIdHex, reasons: { 'packets-lost': 1, 'stream-closed': 1, 'app-failed': 1 }, score: 21 }),
    ]);
    const open = createEventLog({ slots: 64 });
    const context = open.newTrace();
    open.spanStart(context, undefined, 'a');
    const failed = open.newTrace();
    open.spanStart(failed, undefined, 'b');
    open.spanEnd(failed, undefined, 'b', false);
    open.connClosed(failed, undefined, 3);
    expect(open.query.problems().map(({ reasons, score }) => ({ reasons, score }))).toEqual([
      { reasons: { 'span-failed': 1, 'connection-closed': 1 }, score: 20 },
      { reasons: { 'span-unfinished': 1 }, score: 2 },
    ]);
  });
});

describe('where', () => {
  test.each([
    ['a kind', { kinds: ['packetLost'] as const }, ['packetLost']],
    ['a trace and a kind', { traceId: put, kinds: ['packetReceived'] as const }, ['packetReceived', 'packetReceived', 'packetReceived', 'packetReceived']],
    ['a peer and flags', { peer: peer(2), flags: 4, kinds: ['packetSent'] as const }, ['packetSent', 'packetSent']],
    ['a node', { nodeId: peer(3) }, ['packetReceived', 'spanStart', 'spanEnd']],
    ['a name', { name: 'put' }, ['spanStart', 'spanEnd']],
    ['a limit: the newest', { limit: 2 }, ['appEnd', 'packetSent']],
    ['a limit of none', { limit: 0 }, []],
    ['a time', { fromUs: 1_800_000_000_013_000 }, ['packetLost', 'streamClosed', 'appEnd', 'packetSent']],
    ['a time between two', { fromUs: 1_800_000_000_000_100, toUs: 1_800_000_000_000_100 }, ['spanStart', 'packetSent']],
    ['a condition of one’s own', { test: (event: { kind: string }) => event.kind === 'appStart' }, ['appStart']],
  ])('%s', (_what, filter, kinds) => {
    expect(log.query.where(filter).map(({ kind }) => kind)).toEqual(kinds);
  });

  test('a function', () => {
    expect(log.query.where(({ kind }) => kind === 'streamClosed').length).toBe(1);
  });

  test.each([['no hex', 'zz'.repeat(16)], ['too short', 'ab'], ['15 bytes', new Uint8Array(15)]])('an id that is none is a mistake: %s', (_what, id) => {
    expect(() => log.query.trace(id)).toThrow(TypeError);
    expect(() => log.query.peer('x')).toThrow(TypeError);
    expect(() => log.query.peer(new Uint8Array(33))).toThrow(TypeError);
  });
});

test('a list of events is queried like a log', () => {
  const events = log.query.where({});
  const list = new TraceQuery(events);
  expect(new TraceQuery(log)).toBe(log.query);
  expect(list.trace(put)).toEqual(log.query.trace(put));
  expect(list.peer(peer(2))).toEqual(log.query.peer(peer(2)));
  expect(list.recent(3)).toEqual(log.query.recent(3));
  expect(list.recent(0)).toEqual([]);
  expect(list.mayHave(put)).toBe(true);
  expect(list.mayHave('00'.repeat(16))).toBe(false);
  expect(list.problems()).toEqual(log.query.problems());
  expect(list.timeRange(0, 1e18)).toEqual(events);
  const { cursor } = list.since();
  expect(list.since(cursor).events).toEqual([]);
});

test('a line for people', () => {
  const [start] = log.query.trace(put);
  expect(formatEvent(start!)).toMatch(/^08:00:00\.000000 [\da-f]{8} 01010101 spanStart {7}span=[\da-f]{8} name=put parentSpanId=0{16}$/);
  const hostile = createEventLog({ slots: 64 });
  hostile.connInit(undefined, undefined, 'a\nb\u001B[31m c');
  expect(formatEvent(hostile.query.recent(1)[0]!)).toContain(' endpoint="a\\nb\\u001b[31m c"');
  // Marks of direction, a soft hyphen, a byte order mark: what they do is not seen.
  hostile.connInit(undefined, undefined, 'a\u200E\u061Cb\u00AD\uFEFF\u202E');
  expect(formatEvent(hostile.query.recent(1)[0]!)).toContain(' endpoint="a??b???"');
});
