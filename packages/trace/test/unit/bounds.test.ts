import { describe, expect, test } from 'vitest';
import { attachEventLog, createEventLog, TraceQuery, type SpanStartEvent } from '../../src/index.ts';
import { LogCore } from '../../src/log-core.ts';
import { planMemory } from '../../src/memory-plan.ts';
import { SharedTable } from '../../src/shared-table.ts';

describe('the options’ bounds are those that are documented', () => {
  test('maxNodes 65 535, in a log that another thread attaches', () => {
    const log = createEventLog({ slots: 64, shared: true, maxNodes: 65_535, nodeId: Uint8Array.of(1) });
    const there = attachEventLog(log.memory, { nodeId: Uint8Array.of(2) });
    there.packetLost(undefined, undefined, 1);
    expect(log.query.recent(1)[0]!.nodeId.slice(0, 2)).toBe('02');
    expect(() => createEventLog({ maxNodes: 65_536 })).toThrow(TypeError);
  });

  test('the last of 65 535 nodes is told apart', () => {
    const core = LogCore.create({ slots: 64, lanes: 1, indexed: false, maxNodes: 65_536 }, false);
    expect(core.i32.length).toBeGreaterThan(65_536 * 9);
    // All but the last, as `intern` leaves them: 32 bytes, ready.
    for (let entry = 1; entry < 65_535; entry += 1) core.i32[core.plan.nodesAt + entry * 9] = 2 | (32 << 8);
    expect(core.nodeIndex(Uint8Array.of(7))).toBe(65_535);
    expect(core.nodeId(65_535)[0]).toBe(7);
  });

  test('slots 4 194 304', () => {
    expect(planMemory({ slots: 4_194_304, lanes: 1, indexed: false, maxNodes: 65 }).bytes).toBeLessThan(2 ** 29 + 100_000);
    expect(() => createEventLog({ slots: 8_388_608 })).toThrow(TypeError);
  });
});

describe('names of spans', () => {
  test('that are long are kept as far as they fit, and told apart no further', () => {
    const log = createEventLog({ slots: 64 });
    const start = 'x'.repeat(60);
    for (let n = 0; n < 50; n += 1) log.spanStart(undefined, undefined, `${start}${n}`);
    log.spanStart(undefined, undefined, start);
    const events = log.query.where({ name: start }) as SpanStartEvent[];
    expect(events.map(({ nameId, truncated }) => [nameId, truncated])).toEqual([...Array.from({ length: 50 }, () => [1, true]), [1, false]]);
  });

  test('beyond the table are not searched in it: each is one look', () => {
    const log = createEventLog({ slots: 64, shared: true, lanes: 1 });
    const other = attachEventLog(log.memory);
    // Half of them are of another thread, which this one has to learn.
    for (let n = 0; n < 255; n += 1) (n % 2 === 0 ? log : other).spanStart(undefined, undefined, `name ${n}`);
    log.spanStart(undefined, undefined, 'refused');
    const { load } = Atomics;
    let loads = 0;
    Atomics.load = ((words: Int32Array, at: number) => {
      loads += 1;
      return load(words, at);
    }) as typeof load;
    try {
      for (let n = 0; n < 100; n += 1) log.spanStart(undefined, undefined, `refused ${n}`);
    } finally {
      Atomics.load = load;
    }
    // One of the slot's commit word each; 255 of the table's states each if it were searched.
    expect(loads).toBeLessThan(500);
    expect(log.stats.refusedNames).toBe(101);
    log.spanStart(undefined, undefined, 'name 253');
    expect(log.query.recent(1)).toEqual([expect.objectContaining({ name: 'name 253', truncated: false })]);
  });

  test('are given back as they are, a byte order mark included', () => {
    const log = createEventLog({ slots: 64 });
    log.spanStart(undefined, undefined, '\uFEFFname');
    log.connInit(undefined, undefined, '\uFEFFhost');
    expect(log.query.recent(2)).toEqual([expect.objectContaining({ name: '\uFEFFname' }), expect.objectContaining({ endpoint: '\uFEFFhost' })]);
  });
});

test('logs of other nodes share what reads', () => {
  const log = createEventLog({ slots: 64 });
  expect(log.forNode(Uint8Array.of(2)).query).toBe(log.query);
});

test('a table waits for an entry that another thread is writing', () => {
  const words = new Int32Array(new SharedArrayBuffer(1024));
  const table = new SharedTable(words, { at: 8, entryWords: 16, capacity: 8, countAt: 0 });
  const name = new TextEncoder().encode('same');
  // Entry 1 is being written, with the very name that is looked for.
  const stateAt = 8 + 16;
  words[stateAt] = 1;
  const { load } = Atomics;
  let loads = 0;
  Atomics.load = ((array: Int32Array, at: number) => {
    loads += 1;
    if (loads === 4) {
      new Uint8Array(words.buffer).set(name, (stateAt + 1) * 4);
      Atomics.store(words, stateAt, 2 | (4 << 8));
    }
    return load(array, at);
  }) as typeof load;
  try {
    expect(table.intern(name)).toBe(1);
  } finally {
    Atomics.load = load;
  }
});

test.each([true, false])('ids of zeros are none: they find nothing (index: %s)', (index) => {
  const log = createEventLog({ slots: 64, index });
  log.packetLost(undefined, undefined, 1);
  log.packetLost(log.newTrace(), Uint8Array.of(1), 2);
  for (const query of [log.query, new TraceQuery(log.query.where({}))]) {
    expect(query.trace(new Uint8Array(16))).toEqual([]);
    expect(query.mayHave('0'.repeat(32))).toBe(false);
    expect(query.peer('')).toEqual([]);
    expect(query.where({ peer: new Uint8Array(32) })).toEqual([]);
    expect(query.where({ traceId: new Uint8Array(16) })).toEqual([]);
    expect(query.analyzeConnection('').events).toBe(0);
    expect(query.where({ nodeId: '' }).length).toBe(2);
  }
});
