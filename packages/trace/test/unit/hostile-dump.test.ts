import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { createEventLog, readDump } from '../../src/index.ts';
import { crc32 } from '../../src/crc32.ts';
import { MAX_BLOCK_EVENTS } from '../../src/dump-content.ts';

const HEADER = new TextEncoder().encode('P2PTRACE\u0001');

function blockOf(content: Uint8Array): Uint8Array {
  const block = new Uint8Array(12 + content.length);
  const view = new DataView(block.buffer);
  view.setUint32(0, 0x4b4c_4254, true);
  view.setUint32(4, content.length, true);
  view.setUint32(8, crc32(content), true);
  block.set(content, 12);
  return block;
}

function dumpOf(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, HEADER.length));
  bytes.set(HEADER);
  let at = HEADER.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const END = blockOf(Uint8Array.of(0x90));
const log = createEventLog({ slots: 64 });
log.packetLost(log.newTrace(), undefined, 1);
const whole = log.query.exportDump();
/** The only row of its only block. */
const row = whole.subarray(HEADER.length + 12 + 1, HEADER.length + 12 + new DataView(whole.buffer).getUint32(HEADER.length + 4, true));

function rowsOf(count: number): Uint8Array {
  const content = new Uint8Array(5 + count * row.length);
  content[0] = 0xdd;
  new DataView(content.buffer).setUint32(1, count);
  for (let n = 0; n < count; n += 1) content.set(row, 5 + n * row.length);
  return content;
}

describe('a dump that was made to do harm', () => {
  test('headers of arrays one in another, each of the content’s length, make no room for what is not there', () => {
    const content = new Uint8Array(400 * 5);
    const view = new DataView(content.buffer);
    for (let at = 0; at < content.length; at += 5) {
      content[at] = 0xdd;
      view.setUint32(at + 1, content.length);
    }
    const { Array: Real } = globalThis;
    let made = 0;
    globalThis.Array = new Proxy(Real, {
      construct(target, args, newTarget) {
        if (typeof args[0] === 'number') made += args[0];
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    try {
      expect(readDump(dumpOf(blockOf(content), END))).toEqual({ events: [], damage: [{ offset: 9, reason: 'malformed' }] });
    } finally {
      globalThis.Array = Real;
    }
    expect(made).toBeLessThan(1000);
  });

  test.each([
    ['a map in an event', encode([{ kind: { a: 1 } }])],
    ['an array in an event', encode([{ kind: [1] }])],
    ['an extension', encode([{ kind: new Date(0) }])],
    ['an event that is no map', encode([1])],
    ['no array', encode({ a: 1 })],
    ['bytes behind the array', Uint8Array.of(0x90, 0x90)],
    ['a text that is longer than the content', Uint8Array.of(0x91, 0x81, 0xa1, 0x61, 0xdb, 0xff, 0xff, 0xff, 0xff)],
    ['a number that is cut', Uint8Array.of(0x91, 0x81, 0xa1, 0x61, 0xcf, 0)],
    ['more fields than an event has', encode([Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, n]))])],
    ['nothing', new Uint8Array(0)],
  ])('%s is malformed', (_what, content) => {
    expect(readDump(dumpOf(blockOf(content), END))).toEqual({ events: [], damage: [{ offset: 9, reason: 'malformed' }] });
  });

  test('65 536 events of a block are read however deep the stack is, and one more is malformed', () => {
    const bytes = dumpOf(blockOf(rowsOf(MAX_BLOCK_EVENTS)), END);
    const deep = (left: number): number => (left === 0 ? readDump(bytes).events.length : deep(left - 1));
    expect(deep(4000)).toBe(MAX_BLOCK_EVENTS);
    expect(readDump(dumpOf(blockOf(rowsOf(MAX_BLOCK_EVENTS + 1)), END))).toEqual({ events: [], damage: [{ offset: 9, reason: 'malformed' }] });
  });

  test('blocks that each claim the whole rest are not looked at again and again', () => {
    // Without a bound 256 MiB are summed up: their bytes are counted by what reads them.
    const headers = 6000;
    const body = new Uint8Array(headers * 12);
    const view = new DataView(body.buffer);
    for (let n = 0; n < headers; n += 1) {
      view.setUint32(n * 12, 0x4b4c_4254, true);
      view.setUint32(n * 12 + 4, (headers - n - 1) * 12, true);
    }
    const bytes = dumpOf(body);
    const { damage, events } = readDump(bytes);
    expect(events).toEqual([]);
    // Four times the dump and the one that went beyond, not 6000 times half of it.
    expect(damage.length).toBeLessThan(10);
    expect(damage.at(-1)).toEqual({ offset: bytes.length, reason: 'no-end' });
  });

  test('a block of good framing and bad content is skipped whole: what looks like a block within it is none', () => {
    const inner = blockOf(rowsOf(1));
    const { events, damage } = readDump(dumpOf(blockOf(inner), blockOf(rowsOf(2)), END));
    expect(events.length).toBe(2);
    expect(damage).toEqual([{ offset: 9, reason: 'malformed' }]);
  });
});

test('what lies behind the end is reported: two dumps in one file are no dump of both', () => {
  const { events, damage } = readDump(Uint8Array.of(...whole, ...whole));
  expect(events.length).toBe(1);
  expect(damage).toEqual([{ offset: whole.length, reason: 'after-end' }]);
});
