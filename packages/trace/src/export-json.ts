import type { TraceEvent } from '@p2p/trace-noop';
import { detailsOf, hex64 } from './event-details.ts';

/** `{ events }`, with `traceId` where all are of one trace. */
export function writeJson(events: readonly TraceEvent[]): string {
  const traceId = events[0]?.traceId;
  const oneTrace = traceId !== undefined && events.every((event) => event.traceId === traceId);
  const rows = events.map((event) => ({
    kind: event.kind,
    timeUs: event.timeUs,
    ...(event.traceId === undefined || oneTrace ? {} : { traceId: event.traceId }),
    ...(event.spanId === 0n ? {} : { spanId: hex64(event.spanId) }),
    nodeId: event.nodeId,
    ...(event.peerId === undefined ? {} : { peerId: event.peerId }),
    flags: event.flags,
    ...(event.truncated ? { truncated: true } : {}),
    sequence: event.sequence,
    lane: event.lane,
    ...detailsOf(event),
  }));
  return JSON.stringify(oneTrace ? { traceId, events: rows } : { events: rows }, undefined, 2);
}
