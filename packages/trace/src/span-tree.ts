import type { TraceEvent } from '@p2p/trace-noop';

/** A stretch of time on one node: a span, an application's request, or what happened on behalf of a span of another node. */
export interface SpanRecord {
  readonly traceId: string;
  readonly nodeId: string;
  readonly spanId: bigint;
  readonly parentSpanId: bigint;
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number;
  /** Its end is in the log. */
  readonly finished: boolean;
  readonly ok: boolean;
  /** Another node's span, or one whose beginning is not in the log: only its events are known. */
  readonly eventsOnly: boolean;
  readonly peerId: string | undefined;
  /** All that was recorded in it, but its own beginning and end. */
  readonly events: readonly TraceEvent[];
}

interface Draft {
  events: TraceEvent[];
  start: TraceEvent | undefined;
  end: TraceEvent | undefined;
}

const isStart = ({ kind }: TraceEvent): boolean => kind === 'spanStart' || kind === 'appStart';
const isEnd = ({ kind }: TraceEvent): boolean => kind === 'spanEnd' || kind === 'appEnd';

/** A span's own ends outrank those of a request that ran within it. */
function enter(draft: Draft, event: TraceEvent): void {
  if (isStart(event) && (draft.start === undefined || (draft.start.kind === 'appStart' && event.kind === 'spanStart'))) {
    if (draft.start !== undefined) draft.events.push(draft.start);
    draft.start = event;
  } else if (isEnd(event) && (draft.end === undefined || event.kind === 'spanEnd')) {
    if (draft.end !== undefined) draft.events.push(draft.end);
    draft.end = event;
  } else {
    draft.events.push(event);
  }
}

function nameOf(start: TraceEvent | undefined, end: TraceEvent | undefined): string | undefined {
  const named = start ?? end;
  if (named?.kind === 'spanStart' || named?.kind === 'spanEnd') return named.name;
  if (named?.kind === 'appStart' || named?.kind === 'appEnd') return named.commandName ?? `${named.appId}/${named.command}`;
  return undefined;
}

function recordOf(traceId: string, nodeId: string, spanId: bigint, draft: Draft, lastUs: number): SpanRecord {
  const { start, end } = draft;
  const events = draft.events.toSorted((a, b) => a.timeUs - b.timeUs);
  const eventsOnly = start === undefined && end === undefined;
  const startUs = start?.timeUs ?? events[0]?.timeUs ?? end!.timeUs;
  const endUs = end?.timeUs ?? (eventsOnly ? events.at(-1)!.timeUs : lastUs);
  const parent = start?.kind === 'spanStart' ? start.parentSpanId : end?.kind === 'spanEnd' ? end.parentSpanId : 0n;
  return {
    traceId,
    nodeId,
    spanId,
    parentSpanId: parent,
    name: nameOf(start, end) ?? 'events',
    startUs,
    // A clock may have been set back in between.
    endUs: Math.max(startUs, endUs),
    finished: eventsOnly || end !== undefined,
    ok: end === undefined || (end.kind !== 'spanEnd' && end.kind !== 'appEnd') || end.ok,
    eventsOnly,
    peerId: start?.peerId ?? end?.peerId,
    events,
  };
}

/** The spans of chronological events; events of no trace are left out. In the order in which they began. */
export function spansOf(events: readonly TraceEvent[]): SpanRecord[] {
  const drafts = new Map<string, { traceId: string; nodeId: string; spanId: bigint; draft: Draft }>();
  const lastUs = new Map<string, number>();
  for (const event of events) {
    const { traceId, nodeId, spanId } = event;
    if (traceId === undefined) continue;
    lastUs.set(traceId, Math.max(event.timeUs, lastUs.get(traceId) ?? event.timeUs));
    const key = `${traceId}/${nodeId}/${spanId}`;
    let entry = drafts.get(key);
    if (entry === undefined) {
      entry = { traceId, nodeId, spanId, draft: { events: [], start: undefined, end: undefined } };
      drafts.set(key, entry);
    }
    enter(entry.draft, event);
  }
  return [...drafts.values()]
    .map(({ traceId, nodeId, spanId, draft }) => recordOf(traceId, nodeId, spanId, draft, lastUs.get(traceId)!))
    .sort((a, b) => a.startUs - b.startUs || b.endUs - a.endUs);
}
