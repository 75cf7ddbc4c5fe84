// What protobufjs made of the published schema, opentelemetry-proto. Later versions of the package do not ship it.
import otlp from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
import { describe, expect, test } from 'vitest';
import { createEventLog, type TraceContext } from '../../src/index.ts';
import { tellStory } from '../story.ts';

const { log, put, get } = tellStory();

interface ChromeEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id: string;
  readonly args: Record<string, unknown>;
}

describe('JSON', () => {
  test('has a trace’s events with ids in hex', () => {
    const document = JSON.parse(log.query.exportJson(put)) as { traceId: string; events: Record<string, unknown>[] };
    expect(document.traceId).toBe(put.traceIdHex);
    expect(document.events.length).toBe(log.query.trace(put).length);
    expect(document.events[0]).toEqual({
      kind: 'spanStart',
      timeUs: 1_800_000_000_000_000,
      spanId: put.spanId.toString(16).padStart(16, '0'),
      nodeId: '01'.repeat(32),
      flags: 5,
      sequence: 0,
      lane: 0,
      name: 'put',
      parentSpanId: '0'.repeat(16),
    });
    expect(document.events[1]).toMatchObject({ kind: 'appCommand', appId: '444d4150', commandName: 'STORE_CHUNK', data: '01'.repeat(36) + '00'.repeat(6) });
  });

  test('of everything names the trace of each event', () => {
    const document = JSON.parse(log.query.exportJson()) as { traceId?: string; events: { traceId?: string }[] };
    expect(document.traceId).toBeUndefined();
    expect(new Set(document.events.map(({ traceId }) => traceId))).toEqual(new Set([put.traceIdHex, get.traceIdHex, undefined]));
    expect(JSON.parse(log.query.exportJson('ab'.repeat(16)))).toEqual({ events: [] });
  });
});

describe('the Chrome trace', () => {
  const { traceEvents } = JSON.parse(log.query.exportChrome(put)) as { traceEvents: ChromeEvent[] };
  const slices = traceEvents.filter(({ ph }) => ph === 'X');

  test('has a process per node, and each span with its time', () => {
    expect(traceEvents.filter(({ name }) => name === 'process_name').map(({ args }) => args['name'])).toEqual(['node 010101010101', 'node 020202020202', 'node 030303030303']);
    expect(slices.map(({ name, pid, ts, dur }) => [name, pid, ts, dur])).toEqual([
      ['put', 1, 0, 11_800],
      ['send-put', 1, 100, 3800],
      ['store', 2, 2100, 300],
      ['send-put', 1, 4000, 7800],
      ['store', 3, 6000, 4300],
    ]);
  });

  test('nests the slices of a row or keeps them apart', () => {
    const rows = new Map<string, ChromeEvent[]>();
    for (const slice of slices) rows.set(`${slice.pid}/${slice.tid}`, [...(rows.get(`${slice.pid}/${slice.tid}`) ?? []), slice]);
    for (const row of rows.values()) {
      for (const [at, a] of row.entries()) {
        for (const b of row.slice(at + 1)) {
          const apart = a.ts + a.dur <= b.ts || b.ts + b.dur <= a.ts;
          const nested = (a.ts <= b.ts && a.ts + a.dur >= b.ts + b.dur) || (b.ts <= a.ts && b.ts + b.dur >= a.ts + a.dur);
          expect(apart || nested).toBe(true);
        }
      }
    }
  });

  test('draws arrows from a span to its children on other nodes, within both', () => {
    const starts = traceEvents.filter(({ ph }) => ph === 's');
    const ends = traceEvents.filter(({ ph }) => ph === 'f');
    expect(starts.map(({ pid }) => pid)).toEqual([1, 1]);
    expect(ends.map(({ pid }) => pid)).toEqual([2, 3]);
    expect(ends.map(({ id }) => id)).toEqual(starts.map(({ id }) => id));
    for (const { ts, pid, tid } of starts) expect(slices.some((slice) => slice.pid === pid && slice.tid === tid && slice.ts <= ts && slice.ts + slice.dur >= ts)).toBe(true);
  });

  test('an arrow leaves within its span though the other node’s clock is behind or ahead, and from no span that is not drawn', () => {
    for (const skewUs of [-5000, 5000]) {
      const time = { timeUs: 10_000, nowUs: () => time.timeUs };
      const here = createEventLog({ slots: 64, clock: time, nodeId: Uint8Array.of(1) });
      const there = here.forNode(Uint8Array.of(2));
      const root = here.newTrace();
      const remote = here.childOf(root);
      here.spanStart(root, undefined, 'root');
      time.timeUs = 10_100;
      here.spanEnd(root, undefined, 'root');
      time.timeUs = 10_050 + skewUs;
      there.spanStart(remote, undefined, 'remote');
      there.spanEnd(remote, undefined, 'remote');
      const found = (JSON.parse(here.query.exportChrome()) as { traceEvents: ChromeEvent[] }).traceEvents;
      const [arrow] = found.filter(({ ph }) => ph === 's');
      const slice = found.find(({ ph, name }) => ph === 'X' && name === 'root')!;
      expect(arrow!.ts).toBeGreaterThanOrEqual(slice.ts);
      expect(arrow!.ts).toBeLessThanOrEqual(slice.ts + slice.dur);
    }
    const bare = createEventLog({ slots: 64, nodeId: Uint8Array.of(1) });
    const root = bare.newTrace();
    bare.packetSent(root, undefined, 1, 1);
    const child = bare.childOf(root);
    const there = bare.forNode(Uint8Array.of(2));
    there.spanStart(child, undefined, 'remote');
    there.spanEnd(child, undefined, 'remote');
    const found = (JSON.parse(bare.query.exportChrome()) as { traceEvents: ChromeEvent[] }).traceEvents;
    expect(found.filter(({ ph }) => ph === 's' || ph === 'f')).toEqual([]);
  });

  test('spans that overlap without nesting get rows of their own', () => {
    const time = { timeUs: 0, nowUs: () => time.timeUs };
    const overlapping = createEventLog({ slots: 64, clock: time });
    const root = overlapping.newTrace();
    const spans = [overlapping.childOf(root), overlapping.childOf(root), overlapping.childOf(root)];
    const at = (timeUs: number, write: () => void): void => {
      time.timeUs = timeUs;
      write();
    };
    for (const [n, span] of spans.entries()) at(100 + n * 10, () => overlapping.spanStart(span, undefined, `s${n}`));
    for (const [n, span] of spans.entries()) at(200 + n * 10, () => overlapping.spanEnd(span, undefined, `s${n}`));
    const { traceEvents } = JSON.parse(overlapping.query.exportChrome()) as { traceEvents: ChromeEvent[] };
    expect(traceEvents.filter(({ ph }) => ph === 'X').map(({ tid }) => tid)).toEqual([1, 2, 3]);
  });

  test('of an empty log, of a span without end, of an end without start', () => {
    const empty = createEventLog({ slots: 64 });
    expect(JSON.parse(empty.query.exportChrome())).toEqual({ traceEvents: [] });
    const [open, cut] = [empty.newTrace(), empty.newTrace()];
    empty.spanStart(open, undefined, 'open');
    empty.spanEnd(cut, undefined, 'cut', false);
    const found = (JSON.parse(empty.query.exportChrome()) as { traceEvents: ChromeEvent[] }).traceEvents.filter(({ ph }) => ph === 'X');
    expect(found.map(({ name, args }) => [name, args['unfinished'], args['ok']])).toEqual([['open', true, undefined], ['cut', undefined, false]]);
  });
});

describe('OTLP/JSON', () => {
  interface MessageType {
    fromObject(value: object): object;
    verify(message: object): string | null;
    toObject(message: object, options: object): object;
  }
  const { opentelemetry } = otlp as unknown as { opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: MessageType } } } } } };
  const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

  /** OTLP's JSON has ids in hex where protobuf's has base64; all else is protobuf's JSON. */
  function validated(json: string): unknown {
    const document = JSON.parse(json) as unknown;
    const inBase64 = JSON.parse(json, (key, value: unknown) => (/^(?:traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value as string, 'hex').toString('base64') : value)) as object;
    const message = ExportTraceServiceRequest.fromObject(inBase64);
    expect(ExportTraceServiceRequest.verify(message)).toBeNull();
    // What the schema does not know, or what has another type, does not come back.
    const back = ExportTraceServiceRequest.toObject(message, { longs: String, bytes: String });
    expect(JSON.parse(JSON.stringify(back))).toEqual(inBase64);
    return document;
  }

  interface Span {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
    readonly name: string;
    readonly startTimeUnixNano: string;
    readonly endTimeUnixNano: string;
    readonly status: { code: number };
    readonly events: unknown[];
  }
  const spansOf = (document: unknown): Span[] =>
    (document as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

  test('is what the published schema demands', () => {
    const spans = spansOf(validated(log.query.exportOtlp()));
    expect(spans.length).toBe(8);
    for (const { traceId, spanId } of spans) {
      expect(traceId).toMatch(/^[\da-f]{32}$/);
      expect(spanId).toMatch(/^(?!0{16})[\da-f]{16}$/);
    }
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(8);
  });

  test('every span but the roots has its parent among the spans', () => {
    const spans = spansOf(validated(log.query.exportOtlp(put)));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId));
    expect(orphans).toEqual([]);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual(['put']);
  });

  test('times are Unix nanoseconds, failures have status 2', () => {
    const [failed] = spansOf(validated(log.query.exportOtlp(get)));
    expect(failed).toMatchObject({ name: 'GET_CHUNK', status: { code: 2 }, startTimeUnixNano: '1800000000012800000', endTimeUnixNano: '1800000000013300000' });
    expect(failed!.events.length).toBe(3);
  });

  test('of every kind of event', () => {
    const all = createEventLog({ slots: 64 });
    const context: TraceContext = all.newTrace();
    all.connInit(context, new Uint8Array(32).fill(1), '\u0000 "x"');
    all.streamData(context, undefined, 2n ** 64n - 1n, 5, 6, true);
    all.streamOpened(context, undefined, 1);
    all.connClosed(context, undefined, 2n ** 63n);
    all.custom(context, undefined, 1, 2, Uint8Array.of(0, 255));
    all.packetLost(undefined, undefined, 1);
    expect(spansOf(validated(all.query.exportOtlp()))).toHaveLength(1);
    expect(JSON.parse(createEventLog({ slots: 64 }).query.exportOtlp())).toEqual({ resourceSpans: [] });
  });
});
