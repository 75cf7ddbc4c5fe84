import type { DaveNode } from '@p2p/dave-node';
import { TRACE_FLAGS, type EventLog, type TraceContext, type TraceEvent } from '@p2p/trace';
import { logOf } from './trace-logs.ts';
import { renderWaterfall } from './waterfall.ts';

/** One trace for people and for programs. */
export interface ShownTrace {
  readonly traceId: string;
  /** As a tree of spans. */
  readonly lines: readonly string[];
  readonly events: readonly unknown[];
}

export function shownTrace(log: EventLog, traceId: string, events: readonly TraceEvent[]): ShownTrace {
  return { traceId, lines: renderWaterfall(events), events: asJson(log, events) };
}

/** The context of a request whose trace is wanted. */
export function beginTrace(node: DaveNode): TraceContext {
  return logOf(node).newTrace(TRACE_FLAGS.debug | TRACE_FLAGS.appInitiated);
}

/** What has become of it. */
export function showTrace(node: DaveNode, context: TraceContext): ShownTrace {
  const log = logOf(node);
  return shownTrace(log, context.traceIdHex, log.query.trace(context));
}

/** Events with ids in hex, as `exportJson` writes them. */
export function asJson(log: EventLog, events: readonly TraceEvent[]): readonly unknown[] {
  return (JSON.parse(log.query.exportJson(events)) as { events: unknown[] }).events;
}
