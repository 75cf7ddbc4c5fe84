export { TRACE } from './trace-flag.ts';
import type { AppRegistry as AppRegistryType } from './app-types.ts';
import type { TraceContext, TraceFlags, TracePeer, TraceWireItem } from './context-types.ts';
import type { TraceEvent } from './event-types.ts';
import type { AttachOptions, CreateEventLog, EventLog } from './log-types.ts';
import { ZERO_CONTEXT, ZERO_PEER } from './noop-context.ts';
import { NOOP_APPS, NOOP_LOG } from './noop-log.ts';
import { NOOP_QUERY } from './noop-query.ts';
import type { TraceDump, TraceQuery as TraceQueryType } from './query-types.ts';

export type * from './types.ts';
export { TraceError } from './trace-error.ts';

/** Bits of `flags`. */
export const TRACE_FLAGS: TraceFlags = /* @__PURE__ */ Object.freeze({ sampled: 1, debug: 2, appInitiated: 4 });

const noopLog = (): EventLog => NOOP_LOG;

/** Gives the one log that holds nothing. */
export const createEventLog: CreateEventLog = /* @__PURE__ */ Object.assign((): EventLog => NOOP_LOG, { full: noopLog });

/** Gives the same. */
export function attachEventLog(_memory: SharedArrayBuffer | undefined, _options?: AttachOptions): EventLog {
  return NOOP_LOG;
}

/** Gives the one frozen zero context. */
export function newTrace(_flags?: number): TraceContext {
  return ZERO_CONTEXT;
}

/** Gives the one frozen zero context. */
export function childOf(_context: TraceContext): TraceContext {
  return ZERO_CONTEXT;
}

/** Gives the one frozen zero context. */
export function contextFromWire(_item: TraceWireItem): TraceContext {
  return ZERO_CONTEXT;
}

/** Gives an item of zeros. Do not send it: where tracing is off nothing of it belongs on the network. */
export function contextToWire(_context: TraceContext): TraceWireItem {
  return { traceId: new Uint8Array(16), spanId: 0n, startUs: 0n, flags: 0 };
}

/** Gives the one frozen zero peer. */
export function tracePeer(_id: Uint8Array): TracePeer {
  return ZERO_PEER;
}

/** Registers nothing. */
export const AppRegistry: new () => AppRegistryType = /* @__PURE__ */ (() =>
  function AppRegistry(): AppRegistryType {
    return NOOP_APPS;
  } as unknown as new () => AppRegistryType)();
export type AppRegistry = AppRegistryType;

/** Finds nothing. */
export const TraceQuery: new (_source: EventLog | readonly TraceEvent[]) => TraceQueryType = /* @__PURE__ */ (() =>
  function TraceQuery(): TraceQueryType {
    return NOOP_QUERY;
  } as unknown as new () => TraceQueryType)();
export type TraceQuery = TraceQueryType;

/** Reads nothing: no events, no damage. */
export function readDump(_bytes: Uint8Array): TraceDump {
  return { events: [], damage: [] };
}

/** Gives the empty string. */
export function formatEvent(_event: TraceEvent): string {
  return '';
}
