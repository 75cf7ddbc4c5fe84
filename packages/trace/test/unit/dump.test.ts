import { describe, expect, test } from 'vitest';
import { createEventLog, readDump } from '../../src/index.ts';
import { tellStory } from '../story.ts';

const { log, put } = tellStory();
const events = log.query.where({});
const dump = log.query.exportDump(undefined, { blockEvents: 4 });
const HEADER = 9;
/** Where each block begins. */
const blocks: number[] = [];
for (let at = HEADER; at < dump.length; at += 12 + new DataView(dump.buffer).getUint32(at + 4, true)) blocks.push(at);

describe('a dump', () => {
  test('gives back every event, of every kind', () => {
    expect(readDump(dump)).toEqual({ events, damage: [] });
    expect(readDump(log.query.exportDump(put))).toEqual({ events: log.query.trace(put), damage: [] });
    expect(readDump(createEventLog({ slots: 64 }).query.exportDump())).toEqual({ events: [], damage: [] });
    const all = createEventLog({ slots: 64, clock: { nowUs: () => 0 } });
    all.connInit(all.newTrace(), new Uint8Array(32).fill(255), 'é'.repeat(40));
    all.connClosed(undefined, undefined, 2n ** 64n - 1n);
    all.streamData(undefined, undefined, 2n ** 63n, 0, 2 ** 32 - 1, true);
    all.streamOpened(undefined, undefined, 5);
    all.custom(undefined, undefined, 65_535, 0, new Uint8Array(0));
    all.log({ kind: 'packetLost', context: undefined, packetNumber: 1, timeUs: 2 ** 51 });
    all.log({ kind: 'packetLost', context: undefined, packetNumber: 1, timeUs: 0.25 });
    expect(readDump(all.query.exportDump()).events).toEqual(all.query.where({}));
  });

  test('may lie anywhere in a larger buffer', () => {
    const larger = new Uint8Array(dump.length + 30);
    larger.set(dump, 7);
    expect(readDump(larger.subarray(7, 7 + dump.length))).toEqual({ events, damage: [] });
  });

  test('that was cut is readable up to there, wherever it was cut', () => {
    for (let length = 0; length < dump.length; length += 1) {
      const { events: read, damage } = readDump(dump.subarray(0, length));
      const whole = blocks.filter((_, at) => (blocks[at + 1] ?? dump.length) <= length).length;
      expect(read).toEqual(events.slice(0, whole * 4));
      expect(damage.length).toBe(1);
      expect(damage[0]!.reason).toBe(length < HEADER ? 'not-a-dump' : length === blocks[whole] ? 'no-end' : 'truncated');
    }
  });

  test('with a flipped bit loses that block alone, and says where', () => {
    for (let at = HEADER; at < dump.length; at += 7) {
      const damaged = dump.slice();
      damaged[at]! ^= 0x10;
      const { events: read, damage } = readDump(damaged);
      const block = blocks.findLastIndex((start) => start <= at);
      expect(damage[0]!.offset).toBe(blocks[block]);
      // A length that is wrong hides nothing: the next block is found by its marker.
      expect(read).toEqual([...events.slice(0, block * 4), ...events.slice(block * 4 + 4)]);
    }
  });

  test('of another version, or no dump at all, is refused as a whole', () => {
    const other = dump.slice();
    other[8] = 9;
    expect(readDump(other)).toEqual({ events: [], damage: [{ offset: 0, reason: 'unknown-version' }] });
    expect(readDump(new Uint8Array(100))).toEqual({ events: [], damage: [{ offset: 0, reason: 'not-a-dump' }] });
  });

  test.each([0, 1.5, 65_537, Number.NaN])('blockEvents %s is a mistake', (blockEvents) => {
    expect(() => log.query.exportDump(undefined, { blockEvents })).toThrow(TypeError);
  });
});
