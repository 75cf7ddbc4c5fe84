import { beforeEach, describe, expect, test } from 'vitest';
import { contextFromWire, createEventLog, tracePeer, type EventLog, type TraceContext } from '../../src/index.ts';
import { GivenTime } from '../given-time.ts';
import { slotBytes } from '../raw-slot.ts';

const TIME_US = 1_800_000_000_000_000.25;
const traceId = Uint8Array.from({ length: 16 }, (_, at) => 0x10 + at);
const peerId = Uint8Array.from({ length: 32 }, (_, at) => 0x40 + at);
const nodeId = new Uint8Array(32).fill(0xee);

/** A field of the table: its bytes, little-endian. */
type Field = readonly [offset: number, bytes: readonly number[]];
const u16 = (offset: number, value: number): Field => [offset, [value & 255, value >>> 8]];
const u32 = (offset: number, value: number): Field => [offset, [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]];
const u64 = (offset: number, value: bigint): Field => [offset, Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n))];
const raw = (offset: number, bytes: Iterable<number>): Field => [offset, [...bytes]];
const text = (offset: number, value: string): Field => raw(offset, new TextEncoder().encode(value));
const f64 = (offset: number, value: number): Field => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return raw(offset, bytes);
};

function expected(...fields: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(128);
  for (const [offset, content] of fields) bytes.set(content, offset);
  return bytes;
}

describe('an event is 128 bytes, and each of them is where the table says', () => {
  let log: EventLog;
  let context: TraceContext;
  beforeEach(() => {
    log = createEventLog({ nodeId, shared: true, lanes: 1, slots: 64, clock: new GivenTime(TIME_US) });
    const remote = contextFromWire({ traceId, spanId: 0x1122_3344_5566_7788n, startUs: 5n, flags: 0b101 });
    context = remote;
  });

  const common = (kind: number, flags = 0b101): Field[] => [
    u32(0, 1),
    raw(4, [kind, flags]),
    u16(6, 1),
    f64(8, TIME_US),
    raw(16, traceId),
    raw(32, peerId),
    u64(120, 0x1122_3344_5566_7788n),
  ];
  const peer = tracePeer(peerId);

  const CASES: readonly (readonly [string, (log: EventLog, context: TraceContext) => void, number, readonly Field[]])[] = [
    ['connInit', (log, context) => log.connInit(context, peer, '[::1]:127'), 1, [raw(64, [9]), text(65, '[::1]:127')]],
    ['connEstablished', (log, context) => log.connEstablished(context, peer, 0xfedc_ba98), 2, [u32(64, 0xfedc_ba98)]],
    ['connClosed', (log, context) => log.connClosed(context, peer, 2n ** 62n + 3n), 3, [u64(64, 2n ** 62n + 3n)]],
    ['streamOpened', (log, context) => log.streamOpened(context, peer, 2 ** 40 + 4), 4, [u64(64, 2n ** 40n + 4n)]],
    ['streamData', (log, context) => log.streamData(context, peer, 4, 2 ** 33, 1200, true), 5, [u64(64, 4n), u64(72, 2n ** 33n), u32(80, 1200), raw(84, [1])]],
    ['streamClosed', (log, context) => log.streamClosed(context, peer, 4, 0x1_0000_0001), 6, [u64(64, 4n), u64(72, 0x1_0000_0001n)]],
    ['packetSent', (log, context) => log.packetSent(context, peer, 1424, 0xffff_ffff), 7, [u64(64, 0xffff_ffffn), u32(72, 1424)]],
    ['packetReceived', (log, context) => log.packetReceived(context, peer, 33, 2 ** 45), 8, [u64(64, 2n ** 45n), u32(72, 33)]],
    ['packetLost', (log, context) => log.packetLost(context, peer, 77), 9, [u64(64, 77n)]],
    ['appStart', (log, context) => log.appStart(context, peer, new TextEncoder().encode('DMAP'), 0x0102), 10, [text(64, 'DMAP'), u16(68, 0x0102)]],
    [
      'appCommand',
      (log, context) => log.appCommand(context, peer, new TextEncoder().encode('DMAP'), 2, Uint8Array.of(9, 8, 7)),
      11,
      [text(64, 'DMAP'), u16(68, 2), raw(71, [3]), raw(72, [9, 8, 7])],
    ],
    ['appEnd', (log, context) => log.appEnd(context, peer, new TextEncoder().encode('DMAP'), 3, true), 12, [text(64, 'DMAP'), u16(68, 3), raw(70, [1])]],
    [
      'custom',
      (log, context) => log.custom(context, peer, 0xabcd, 0x1234, new Uint8Array(44).fill(6)),
      13,
      [u16(64, 0xabcd), u16(66, 0x1234), raw(68, new Uint8Array(44).fill(6)), raw(112, [44])],
    ],
    ['spanStart', (log, context) => log.spanStart(context, peer, 'get'), 14, [u32(64, 1), raw(68, [1])]],
    ['spanEnd', (log, context) => log.spanEnd(context, peer, 'get', false), 15, [u32(64, 1), raw(68, [0])]],
  ];

  test.each(CASES)('%s', (_kind, write, kind, fields) => {
    write(log, context);
    expect(slotBytes(log, 0)).toEqual(expected(...common(kind), ...fields));
  });

  test.each(CASES)('%s leaves nothing of an event that was longer', (_kind, write, kind, fields) => {
    for (let slot = 0; slot < 64; slot += 1) log.custom(undefined, new Uint8Array(32).fill(255), 0xffff, 0xffff, new Uint8Array(44).fill(255));
    write(log, context);
    expect(slotBytes(log, 0)).toEqual(expected(...common(kind), u32(0, 65), ...fields));
  });

  test('a child span carries its parent', () => {
    const child = log.childOf(context);
    log.spanEnd(child, undefined, 'get');
    const slot = slotBytes(log, 0);
    expect(slot.subarray(72, 80)).toEqual(expected(u64(0, context.spanId)).subarray(0, 8));
    expect(slot.subarray(120)).toEqual(expected(u64(0, child.spanId)).subarray(0, 8));
  });

  test('an event of no trace, no peer and no node has zeros there', () => {
    const nobody = createEventLog({ shared: true, lanes: 1, slots: 64, clock: new GivenTime(TIME_US) });
    nobody.packetLost(undefined, undefined, 1);
    expect(slotBytes(nobody, 0)).toEqual(expected(u32(0, 1), raw(4, [9]), f64(8, TIME_US), u64(64, 1n)));
  });

  test('a slot before its first event counts for none', () => {
    expect(log.query.recent(100)).toEqual([]);
    expect(slotBytes(log, 63).subarray(4)).toEqual(new Uint8Array(124));
  });
});
