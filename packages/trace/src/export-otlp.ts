import type { TraceEvent } from '@p2p/trace-noop';
import { detailsOf, hex64, type EventDetails } from './event-details.ts';
import { nearestTime } from './field-limits.ts';
import { spansOf, type SpanRecord } from './span-tree.ts';

/* Enums of opentelemetry-proto, trace.proto. */
const SPAN_KIND_INTERNAL = 1;
const STATUS_CODE_UNSET = 0;
const STATUS_CODE_OK = 1;
const STATUS_CODE_ERROR = 2;

const SCOPE = { name: '@p2p/trace' };

type AnyValue = { stringValue: string } | { boolValue: boolean } | { intValue: string } | { doubleValue: number };
interface KeyValue {
  key: string;
  value: AnyValue;
}

function valueOf(value: string | number | boolean): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
}

/** Empty lists are left out: JSON of protobuf knows no difference. */
function attributesOf(details: EventDetails): { attributes?: KeyValue[] } {
  const attributes = Object.entries(details).map(([key, value]) => ({ key: `p2p.${key}`, value: valueOf(value) }));
  return attributes.length === 0 ? {} : { attributes };
}

/** Unix ns as a decimal string, as JSON of protobuf demands of 64-bit integers. */
function nanos(timeUs: number): string {
  const time = Math.max(0, nearestTime(timeUs, 0));
  const whole = Math.floor(time);
  return `${BigInt(whole) * 1000n + BigInt(Math.floor((time - whole) * 1000))}`;
}

/** FNV-1a, 64 bits: an id for what has none of its own. */
function derivedId(text: string): string {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (let at = 0; at < text.length; at += 1) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100_0000_01b3n);
  return hex64(hash === 0n ? 1n : hash);
}

function spanOf(span: SpanRecord): Record<string, unknown> {
  // What another node's span did here is a span of its own below it.
  const spanId = span.eventsOnly || span.spanId === 0n ? derivedId(`${span.nodeId}/${span.spanId}`) : hex64(span.spanId);
  const parent = span.eventsOnly ? span.spanId : span.parentSpanId;
  const details: EventDetails = { ...(span.peerId === undefined ? {} : { peerId: span.peerId }), ...(span.finished ? {} : { unfinished: true }) };
  const events = span.events.map((event) => ({ timeUnixNano: nanos(event.timeUs), name: event.kind, ...attributesOf(eventDetails(event)) }));
  return {
    traceId: span.traceId,
    spanId,
    ...(parent === 0n ? {} : { parentSpanId: hex64(parent) }),
    name: span.name,
    kind: SPAN_KIND_INTERNAL,
    startTimeUnixNano: nanos(span.startUs),
    endTimeUnixNano: nanos(span.endUs),
    ...attributesOf(details),
    ...(events.length === 0 ? {} : { events }),
    status: { code: span.ok ? (span.finished && !span.eventsOnly ? STATUS_CODE_OK : STATUS_CODE_UNSET) : STATUS_CODE_ERROR },
  };
}

function eventDetails(event: TraceEvent): EventDetails {
  return { ...detailsOf(event), ...(event.peerId === undefined ? {} : { peerId: event.peerId }), ...(event.truncated ? { truncated: true } : {}) };
}

/** OTLP/JSON: one resource per node. Events of no trace have no place in it and are left out. */
export function writeOtlp(events: readonly TraceEvent[]): string {
  const byNode = new Map<string, SpanRecord[]>();
  for (const span of spansOf(events)) {
    const spans = byNode.get(span.nodeId);
    if (spans === undefined) byNode.set(span.nodeId, [span]);
    else spans.push(span);
  }
  return JSON.stringify({
    resourceSpans: [...byNode].map(([nodeId, spans]) => ({
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'p2p-node' } },
          { key: 'service.instance.id', value: { stringValue: nodeId } },
        ],
      },
      scopeSpans: [{ scope: SCOPE, spans: spans.map(spanOf) }],
    })),
  });
}
