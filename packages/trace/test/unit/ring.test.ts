import { describe, expect, test } from 'vitest';
import { attachEventLog, createEventLog, type EventLog } from '../../src/index.ts';
import { planOfMemory } from '../../src/memory-plan.ts';
import { GivenTime } from '../given-time.ts';
import { setHead } from '../raw-slot.ts';

const numbers = (events: readonly { kind: string }[]): number[] => events.map((event) => Number((event as { packetNumber?: bigint }).packetNumber));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

function logOf(shared: boolean, index = false): EventLog {
  return createEventLog({ slots: 64, index, ...(shared ? { shared, lanes: 1 } : {}) });
}

describe.each([false, true])('the ring, shared %s', (shared) => {
  test('holds as many events as it has slots, overwrites the oldest and counts them', () => {
    const log = logOf(shared);
    for (let n = 0; n < 64; n += 1) log.packetLost(undefined, undefined, n);
    expect(numbers(log.query.where({}))).toEqual(range(0, 64));
    expect(log.stats).toMatchObject({ written: 64, overwritten: 0, dropped: 0 });
    for (let n = 64; n < 150; n += 1) log.packetLost(undefined, undefined, n);
    expect(numbers(log.query.where({}))).toEqual(range(86, 150));
    expect(numbers(log.query.recent(5))).toEqual(range(145, 150));
    expect(numbers(log.query.recent(1000))).toEqual(range(86, 150));
    expect(log.stats).toMatchObject({ written: 150, overwritten: 86, dropped: 0, slots: 64 });
  });

  test('recent(0), of a negative number or of NaN is empty', () => {
    const log = logOf(shared);
    log.packetLost(undefined, undefined, 1);
    expect([log.query.recent(0), log.query.recent(-1), log.query.recent(Number.NaN)]).toEqual([[], [], []]);
  });

  test('a follower gets each event once, and is told what it missed', () => {
    const log = logOf(shared);
    for (let n = 0; n < 10; n += 1) log.packetLost(undefined, undefined, n);
    const first = log.query.since();
    expect(numbers(first.events)).toEqual(range(0, 10));
    expect(log.query.since(first.cursor)).toEqual({ events: [], cursor: first.cursor, missed: 0 });
    for (let n = 10; n < 100; n += 1) log.packetLost(undefined, undefined, n);
    const second = log.query.since(JSON.parse(JSON.stringify(first.cursor)) as number[]);
    expect(numbers(second.events)).toEqual(range(36, 100));
    expect(second.missed).toBe(26);
    expect(() => log.query.since([1, 2, 3])).toThrow(new TypeError('This cursor is of another log.'));
  });
});

test.each([false, true])('sequences go round 2³² and no event is lost or misread (index: %s)', (index) => {
  const log = logOf(true, index);
  const before = log.newTrace();
  const after = log.newTrace();
  setHead(log, -104);
  for (let n = 0; n < 64; n += 1) log.packetLost(undefined, undefined, 0);
  for (let n = 0; n < 39; n += 1) log.packetLost(before, undefined, n);
  let { cursor } = log.query.since();
  for (let n = 39; n < 60; n += 1) log.packetLost(after, undefined, n);
  const followed = log.query.since(cursor);
  expect(numbers(followed.events)).toEqual(range(39, 60));
  expect(followed.missed).toBe(0);
  ({ cursor } = followed);
  // Position 2³² - 1 stays unused: the oldest of 64 positions are 63 events and that one.
  expect(log.query.where({}).length).toBe(63);
  expect(numbers(log.query.recent(60))).toEqual(range(0, 60));
  expect(numbers(log.query.trace(before))).toEqual(range(0, 39));
  expect(numbers(log.query.trace(after))).toEqual(range(39, 60));
  for (let n = 60; n < 500; n += 1) log.packetLost(after, undefined, n);
  expect(numbers(log.query.where({}))).toEqual(range(436, 500));
  expect(log.query.trace(before)).toEqual([]);
  expect(log.query.since(cursor).missed).toBe(500 - 60 - 64);
});

describe('a slot that is busy or newer', () => {
  const commitAt = (log: EventLog, slot: number): number => planOfMemory(log.memory!).slotsAt + slot * 32;

  test('busy, because its writer stood still for a lap: the event is dropped and counted', () => {
    const log = logOf(true);
    const words = new Int32Array(log.memory!);
    words[commitAt(log, 3)] = 0;
    for (let n = 0; n < 6; n += 1) log.packetLost(undefined, undefined, n);
    expect(numbers(log.query.where({}))).toEqual([0, 1, 2, 4, 5]);
    expect(log.stats).toMatchObject({ written: 5, dropped: 1 });
  });

  test('newer, because we stood still for a lap: the event is dropped and counted', () => {
    const log = logOf(true);
    const words = new Int32Array(log.memory!);
    words[commitAt(log, 3)] = 68;
    for (let n = 0; n < 6; n += 1) log.packetLost(undefined, undefined, n);
    expect(words[commitAt(log, 3)]).toBe(68);
    expect(log.stats).toMatchObject({ written: 5, dropped: 1 });
  });

  test('a follower waits at a position that is still being written', () => {
    const log = logOf(true);
    for (let n = 0; n < 6; n += 1) log.packetLost(undefined, undefined, n);
    const words = new Int32Array(log.memory!);
    words[commitAt(log, 3)] = 0;
    const first = log.query.since();
    expect(numbers(first.events)).toEqual([0, 1, 2]);
    expect(numbers(log.query.recent(3))).toEqual([2, 4, 5]);
    words[commitAt(log, 3)] = 4;
    expect(numbers(log.query.since(first.cursor).events)).toEqual([3, 4, 5]);
  });
});

describe('threads', () => {
  test('write to lanes of their own, and are read as one', () => {
    const time = new GivenTime();
    const first = createEventLog({ shared: true, slots: 256, lanes: 2, clock: time, nodeId: Uint8Array.of(1) });
    const second = attachEventLog(first.memory, { clock: time, nodeId: Uint8Array.of(2) });
    for (let n = 0; n < 20; n += 1) {
      (n % 3 === 0 ? second : first).packetLost(undefined, undefined, n);
      time.advance(1);
    }
    for (const log of [first, second]) {
      expect(numbers(log.query.recent(20))).toEqual(range(0, 20));
      expect(new Set(log.query.recent(20).map(({ lane, nodeId }) => `${lane} ${nodeId.slice(0, 2)}`))).toEqual(new Set(['0 01', '1 02']));
      expect(log.stats).toMatchObject({ threads: 2, lanes: 2, written: 20 });
    }
    expect(numbers(second.query.recent(1))).toEqual([19]);
  });

  test('share a lane where there are more threads than lanes, and the index is not trusted there', () => {
    const first = createEventLog({ shared: true, slots: 64, lanes: 1, index: true });
    const trace = first.newTrace();
    first.packetLost(trace, undefined, 1);
    const second = attachEventLog(first.memory);
    second.packetLost(trace, undefined, 2);
    expect(numbers(first.query.trace(trace))).toEqual([1, 2]);
    expect(first.query.mayHave(trace)).toBe(true);
    expect(first.query.mayHave(first.newTrace())).toBe(false);
  });
});

describe('memory that is no log is refused with TRACE_BAD_MEMORY', () => {
  const good = (): SharedArrayBuffer => createEventLog({ shared: true, slots: 256 }).memory!;
  const changed = (change: (words: Int32Array) => void): SharedArrayBuffer => {
    const memory = good();
    change(new Int32Array(memory));
    return memory;
  };

  test.each<[string, () => unknown]>([
    ['none', () => undefined],
    ['an ArrayBuffer', () => new ArrayBuffer(1024)],
    ['too small', () => new SharedArrayBuffer(16)],
    ['no whole words', () => new SharedArrayBuffer(1025)],
    ['zeros', () => new SharedArrayBuffer(65_536)],
    ['another version', () => changed((words) => (words[1] = 2))],
    ['a size that does not fit its header', () => changed((words) => (words[2] = 512))],
    ['no lanes', () => changed((words) => (words[3] = 0))],
    ['a header of nonsense', () => changed((words) => words.fill(-1, 2, 7))],
    ['a part of one', () => {
      const part = new SharedArrayBuffer(4096);
      new Uint8Array(part).set(new Uint8Array(good()).subarray(0, 4096));
      return part;
    }],
  ])('%s', (_what, memory) => {
    expect(() => attachEventLog(memory() as SharedArrayBuffer)).toThrow(expect.objectContaining({ code: 'TRACE_BAD_MEMORY', name: 'TraceError' }));
  });
});

test.each<[string, Parameters<typeof createEventLog>[0]]>([
  ['slots', { slots: 100 }],
  ['slots', { slots: 32 }],
  ['slots', { slots: 2 ** 23 }],
  ['lanes', { lanes: 2 }],
  ['lanes', { shared: true, lanes: 3 }],
  ['lanes', { shared: true, slots: 64, lanes: 2 }],
  ['sampleRate', { sampleRate: 1.5 }],
  ['sampleRate', { sampleRate: Number.NaN }],
  ['remoteTracesPerSecond', { remoteTracesPerSecond: -1 }],
  ['maxNodes', { maxNodes: 0 }],
  ['maxNodes', { maxNodes: 1.5 }],
  ['nodeId', { nodeId: new Uint8Array(33) }],
  ['clock', { clock: 'fast' as 'coarse' }],
])('an option out of its bounds is a mistake: %s', (name, options) => {
  expect(() => createEventLog(options)).toThrow(new RegExp(`^${name}|^${name} `));
  expect(() => createEventLog(options)).toThrow(TypeError);
});

test('memory is fixed, and what the options say', () => {
  const log = createEventLog({ slots: 1024 });
  const indexed = createEventLog({ slots: 65_536, index: true });
  const before = log.stats.memoryBytes;
  for (let n = 0; n < 10_000; n += 1) log.packetSent(log.newTrace(), new Uint8Array(32).fill(n), 1, n);
  expect(log.stats.memoryBytes).toBe(before);
  expect(before - 1024 * 128).toBeLessThan(20_000);
  expect(indexed.stats.memoryBytes / 65_536).toBeLessThan(128 + 17);
});
