import { encode } from '@msgpack/msgpack';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDump, TraceQuery, type TraceEvent } from '../../src/index.ts';
import { crc32 } from '../../src/crc32.ts';
import { tellStory } from '../story.ts';

const RUNS = Number(process.env['TRACE_PROPERTY_RUNS'] ?? 60) * 10;
const { log } = tellStory();
const events = log.query.where({});
const dump = log.query.exportDump(undefined, { blockEvents: 3 });

/** Any bytes give events that every query and export can take, and damage with a place; nothing is thrown. */
function isBearable(bytes: Uint8Array): readonly TraceEvent[] {
  const { events: read, damage } = readDump(bytes);
  for (const { offset, reason } of damage) {
    expect(offset).toBeLessThanOrEqual(bytes.length);
    expect(reason).toMatch(/^[a-z-]+$/);
  }
  const query = new TraceQuery(read);
  JSON.parse(query.exportJson());
  JSON.parse(query.exportChrome());
  JSON.parse(query.exportOtlp());
  query.problems();
  query.slowest(3);
  expect(readDump(query.exportDump()).damage).toEqual([]);
  return read;
}

describe('a dump of anything', () => {
  test('random bytes, behind a good header or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, header) => {
        isBearable(header ? Uint8Array.of(...dump.subarray(0, 9), ...bytes) : bytes);
      }),
      { numRuns: RUNS },
    );
  });

  test('bytes that were changed, cut out and put in: every event that is read was written', () => {
    const written = new Map(events.map((event) => [event.sequence, event]));
    const edit = fc.record({ at: fc.nat({ max: dump.length }), remove: fc.nat({ max: 20 }), put: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
        let bytes = [...dump];
        for (const { at, remove, put } of edits) bytes = [...bytes.slice(0, at), ...put, ...bytes.slice(at + remove)];
        for (const event of isBearable(Uint8Array.from(bytes))) expect(event).toEqual(written.get(event.sequence));
      }),
      { numRuns: RUNS },
    );
  });

  test('blocks with a good checksum and any content', () => {
    const field = fc.oneof(fc.anything({ maxDepth: 2 }), fc.uint8Array({ maxLength: 40 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.double());
    const mostly = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof({ weight: 15, arbitrary: good }, { weight: 1, arbitrary: field });
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const record = fc.record(
      {
        kind: mostly(fc.constantFrom('packetSent', 'custom', 'spanStart', 'appEnd', 'connInit', '__proto__', 'toString')),
        sequence: mostly(fc.nat()),
        lane: mostly(fc.nat({ max: 63 })),
        timeUs: mostly(fc.double({ noNaN: true, noDefaultInfinity: true })),
        spanId: mostly(u64),
        nodeId: mostly(fc.uint8Array({ minLength: 32, maxLength: 32 })),
        traceId: mostly(fc.uint8Array({ minLength: 16, maxLength: 16 })),
        flags: mostly(fc.nat({ max: 255 })),
        size: mostly(fc.nat()),
        packetNumber: mostly(u64),
        name: mostly(fc.string()),
        nameId: mostly(fc.nat()),
        parentSpanId: mostly(u64),
        endpoint: mostly(fc.string()),
        appId: mostly(fc.uint8Array({ minLength: 4, maxLength: 4 })),
        command: mostly(fc.nat({ max: 65_535 })),
        ok: mostly(fc.boolean()),
      },
      { requiredKeys: ['kind', 'sequence', 'lane', 'timeUs', 'spanId', 'nodeId', 'flags'] },
    );
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(fc.array(record, { maxLength: 3 }), field), (content) => {
        let packed: Uint8Array;
        try {
          packed = encode(content, { useBigInt64: true });
        } catch {
          // What msgpack cannot say is in no dump.
          return;
        }
        const block = new Uint8Array(12 + packed.length);
        const view = new DataView(block.buffer);
        view.setUint32(0, 0x4b4c_4254, true);
        view.setUint32(4, packed.length, true);
        view.setUint32(8, crc32(packed), true);
        block.set(packed, 12);
        read += isBearable(Uint8Array.of(...dump.subarray(0, 9), ...block)).length;
      }),
      { numRuns: RUNS * 4 },
    );
    // Some of it is good, or nothing behind the check was tried.
    expect(read).toBeGreaterThan(RUNS / 10);
  });

  test('CRC-32 is the one of gzip', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf4_3926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
