import type { TraceEvent } from '@p2p/trace';

type Started = Extract<TraceEvent, { kind: 'spanStart' }>;
type Ended = Extract<TraceEvent, { kind: 'spanEnd' }>;

interface Span {
  readonly start: Started;
  readonly end: Ended | undefined;
  readonly events: TraceEvent[];
}

const NAME_WIDTH = 34;
const SHORT = 8;

/** A trace as lines: its spans as a tree with their times, and how much was sent and received in each. */
export function renderWaterfall(events: readonly TraceEvent[]): string[] {
  const [first] = events;
  if (first === undefined) return [];
  const spans = spansOf(events);
  const ids = new Set(spans.map(({ start }) => start.spanId));
  const lines: string[] = [];
  const show = (span: Span, depth: number): void => {
    lines.push(lineOf(span, depth, first.timeUs));
    for (const below of spans) if (below.start.parentSpanId === span.start.spanId) show(below, depth + 1);
  };
  // What began on another node has its parent there.
  for (const span of spans) if (!ids.has(span.start.parentSpanId)) show(span, 0);
  return lines;
}

function spansOf(events: readonly TraceEvent[]): Span[] {
  const ends = new Map(events.flatMap((event) => (event.kind === 'spanEnd' ? [[event.spanId, event] as const] : [])));
  return events.flatMap((event) =>
    event.kind === 'spanStart' ? [{ start: event, end: ends.get(event.spanId), events: events.filter(({ spanId }) => spanId === event.spanId) }] : [],
  );
}

function lineOf({ start, end, events }: Span, depth: number, zeroUs: number): string {
  const name = `${'  '.repeat(depth)}${start.name}`.padEnd(NAME_WIDTH);
  const began = `+${milliseconds(start.timeUs - zeroUs)}`.padStart(12);
  const took = (end === undefined ? 'unfinished' : milliseconds(end.timeUs - start.timeUs)).padStart(12);
  const more = [
    end?.ok === false ? 'failed' : '',
    start.peerId === undefined ? '' : `peer ${start.peerId.slice(0, SHORT)}`,
    counted(events, 'packetSent', 'sent'),
    counted(events, 'packetReceived', 'received'),
    counted(events, 'packetLost', 'lost'),
  ].filter((part) => part !== '');
  return `${name}${began}${took}${more.length === 0 ? '' : `  ${more.join(', ')}`}`;
}

function counted(events: readonly TraceEvent[], kind: TraceEvent['kind'], word: string): string {
  const count = events.filter((event) => event.kind === kind).length;
  return count === 0 ? '' : `${count} ${word}`;
}

function milliseconds(us: number): string {
  return `${(us / 1000).toFixed(2)} ms`;
}
