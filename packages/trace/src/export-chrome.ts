import type { TraceEvent } from '@p2p/trace-noop';
import { detailsOf, hex64 } from './event-details.ts';
import { nearestTime } from './field-limits.ts';
import { spansOf, type SpanRecord } from './span-tree.ts';

const SHORT = 12;

type ChromeEvent = Record<string, unknown>;

/** Rows in which spans either contain each other or do not meet, as the format demands of one thread. */
class Rows {
  #count = 0;
  readonly #byTrace = new Map<string, { row: number; open: number[] }[]>();

  /** The first row of this trace that takes a span. */
  place({ traceId, startUs, endUs }: SpanRecord): { row: number; isNew: boolean } {
    let rows = this.#byTrace.get(traceId);
    if (rows === undefined) this.#byTrace.set(traceId, (rows = []));
    for (const { row, open } of rows) {
      while (open.length > 0 && open.at(-1)! <= startUs) open.pop();
      if (open.length === 0 || open.at(-1)! >= endUs) {
        open.push(endUs);
        return { row, isNew: false };
      }
    }
    const row = this.#count;
    this.#count += 1;
    rows.push({ row, open: [endUs] });
    return { row, isNew: true };
  }
}

/** The Trace Event Format, JSON object form: a process per node, rows of threads per trace, times in µs from the first event. */
export function writeChrome(events: readonly TraceEvent[]): string {
  if (events.length === 0) return '{"traceEvents":[]}';
  const startUs = events.reduce((first, { timeUs }) => Math.min(first, nearestTime(timeUs, first)), Number.MAX_SAFE_INTEGER);
  const at = (timeUs: number): number => Math.round((nearestTime(timeUs, startUs) - startUs) * 1000) / 1000;
  const rows: ChromeEvent[] = [];
  const pids = new Map<string, number>();
  const rowsByNode = new Map<number, Rows>();
  const pidOf = (nodeId: string): number => {
    let pid = pids.get(nodeId);
    if (pid === undefined) {
      pid = pids.size + 1;
      pids.set(nodeId, pid);
      rowsByNode.set(pid, new Rows());
      rows.push({ ph: 'M', name: 'process_name', pid, tid: 0, args: { name: `node ${nodeId.slice(0, SHORT)}` } });
    }
    return pid;
  };
  const places = new Map<string, { pid: number; tid: number; startUs: number; endUs: number }>();
  const spans = spansOf(events);
  for (const span of spans) {
    const pid = pidOf(span.nodeId);
    const { row, isNew } = rowsByNode.get(pid)!.place(span);
    const tid = row + 1;
    if (isNew) rows.push({ ph: 'M', name: 'thread_name', pid, tid, args: { name: `trace ${span.traceId.slice(0, SHORT)}` } });
    // What happened here for another node's span, at one moment, is no slice, and no arrow begins at it.
    const isSlice = !span.eventsOnly || span.endUs > span.startUs;
    const key = keyOf(span.traceId, span.spanId);
    if (isSlice && (!places.has(key) || !span.eventsOnly)) places.set(key, { pid, tid, startUs: span.startUs, endUs: span.endUs });
    if (isSlice) rows.push({ ph: 'X', cat: 'span', name: span.name, pid, tid, ts: at(span.startUs), dur: at(span.endUs) - at(span.startUs), args: argsOf(span) });
    for (const event of span.events) rows.push(instantOf(event, pid, tid, at(event.timeUs)));
  }
  rows.push(...arrows(spans, places, pidOf, at));
  for (const event of events) if (event.traceId === undefined) rows.push(instantOf(event, pidOf(event.nodeId), 0, at(event.timeUs)));
  return JSON.stringify({ traceEvents: rows, displayTimeUnit: 'ms', otherData: { startUnixUs: startUs } });
}

const keyOf = (traceId: string, spanId: bigint): string => `${traceId}/${spanId}`;

function argsOf(span: SpanRecord): Record<string, unknown> {
  return {
    traceId: span.traceId,
    spanId: hex64(span.spanId),
    parentSpanId: hex64(span.parentSpanId),
    ...(span.peerId === undefined ? {} : { peerId: span.peerId }),
    ...(span.ok ? {} : { ok: false }),
    ...(span.finished ? {} : { unfinished: true }),
  };
}

function instantOf(event: TraceEvent, pid: number, tid: number, ts: number): ChromeEvent {
  const args = { ...detailsOf(event), ...(event.peerId === undefined ? {} : { peerId: event.peerId }), ...(event.truncated ? { truncated: true } : {}) };
  return { ph: 'i', s: 't', cat: 'event', name: event.kind, pid, tid, ts, args };
}

/** From a span to its children on other nodes. */
function arrows(
  spans: readonly SpanRecord[],
  places: ReadonlyMap<string, { pid: number; tid: number; startUs: number; endUs: number }>,
  pidOf: (nodeId: string) => number,
  at: (timeUs: number) => number,
): ChromeEvent[] {
  const found: ChromeEvent[] = [];
  for (const span of spans) {
    const parentId = span.eventsOnly ? span.spanId : span.parentSpanId;
    const from = places.get(keyOf(span.traceId, parentId));
    const to = span.eventsOnly ? undefined : places.get(keyOf(span.traceId, span.spanId));
    if (from === undefined || to === undefined || from.pid === pidOf(span.nodeId)) continue;
    const id = hex64(span.spanId);
    // It leaves within the parent, whatever the two nodes' clocks say.
    const leaveUs = Math.min(Math.max(span.startUs, from.startUs), from.endUs);
    found.push({ ph: 's', cat: 'flow', name: 'remote', id, pid: from.pid, tid: from.tid, ts: at(leaveUs) });
    found.push({ ph: 'f', bp: 'e', cat: 'flow', name: 'remote', id, pid: to.pid, tid: to.tid, ts: at(span.startUs) });
  }
  return found;
}
