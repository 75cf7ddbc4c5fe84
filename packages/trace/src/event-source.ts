import type { FollowedEvents, TraceCursor, TraceEvent } from '@p2p/trace-noop';
import type { SearchedId } from './id-refs.ts';

/** Where a query reads from. Every answer is chronological. */
export interface EventSource {
  all(): TraceEvent[];
  trace(id: SearchedId): TraceEvent[];
  mayHave(id: SearchedId): boolean;
  peer(id: SearchedId): TraceEvent[];
  timeRange(fromUs: number, toUs: number): TraceEvent[];
  recent(count: number): TraceEvent[];
  since(cursor: TraceCursor | undefined): FollowedEvents;
}

/** By time; what has the same time in the order in which its lane got it. */
export function inOrder(events: TraceEvent[]): TraceEvent[] {
  return events.sort((a, b) => a.timeUs - b.timeUs || a.lane - b.lane || ((a.sequence - b.sequence) | 0));
}
