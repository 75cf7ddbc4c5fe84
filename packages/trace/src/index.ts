import type {
  AppRegistry as AppRegistryType,
  AttachOptions,
  CreateEventLog,
  EventLog,
  EventLogOptions,
  TraceContext,
  TraceEvent,
  TraceFlags,
  TracePeer,
  TraceQuery as TraceQueryType,
} from '@p2p/trace-noop';
import { childContext, newContext } from './contexts.ts';
import { attachLog, createLog, type SystemParts } from './create-log.ts';
import { CONTEXT_FLAGS, FLAG_APP_INITIATED, FLAG_DEBUG, FLAG_SAMPLED } from './event-layout.ts';
import { IdSource } from './id-source.ts';
import { CoarseClock, PreciseClock, systemRandom } from './io/system.ts';
import { asContext, asPeer, CutPeer, LivePeer } from './live-context.ts';
import { queryOf } from './live-query.ts';
import { LiveAppRegistry } from './live-registry.ts';

export type * from '@p2p/trace-noop';
export { TraceError } from '@p2p/trace-noop';
export { contextFromWire, contextToWire } from './contexts.ts';
export { formatEvent } from './format-event.ts';
export { readDump } from './read-dump.ts';

/** True: this build traces. Resolved only under the export condition `p2p-trace`. */
export const TRACE: boolean = true;

/** Bits of `flags`. */
export const TRACE_FLAGS: TraceFlags = /* @__PURE__ */ Object.freeze({ sampled: FLAG_SAMPLED, debug: FLAG_DEBUG, appInitiated: FLAG_APP_INITIATED });

const SYSTEM: SystemParts = { precise: () => new PreciseClock(), coarse: () => new CoarseClock(), random: systemRandom };

const full = (options: EventLogOptions = {}): EventLog => createLog({ index: true, ...options }, SYSTEM);

/**
 * Makes a log; `createEventLog.full()` one with the index.
 * @throws {TypeError} An option is out of its bounds.
 */
export const createEventLog: CreateEventLog = /* @__PURE__ */ Object.assign((options: EventLogOptions = {}): EventLog => createLog(options, SYSTEM), { full });

/**
 * The log of `memory`, which another thread made with `shared: true` (`log.memory`), for this thread. `undefined`, the
 * memory of a log that is not shared, is a mistake here.
 * @throws {TraceError} `TRACE_BAD_MEMORY`: it is no log's memory, of another version, or of the wrong size.
 * @throws {TypeError} An option is out of its bounds.
 */
export function attachEventLog(memory: SharedArrayBuffer | undefined, options: AttachOptions = {}): EventLog {
  return attachLog(memory as SharedArrayBuffer, options, SYSTEM);
}

let ids: IdSource | undefined;
let clock: PreciseClock | undefined;
const sharedIds = (): IdSource => (ids ??= new IdSource(systemRandom));
const sharedClock = (): PreciseClock => (clock ??= new PreciseClock());

/** A new trace that is recorded in whatever log sees it. To sample by a log's rate use the log's `newTrace`. */
export function newTrace(flags = 0): TraceContext {
  return asContext(newContext(sharedIds(), sharedClock(), (flags & CONTEXT_FLAGS) | FLAG_SAMPLED));
}

/** A new span of the context's trace, child of its span; with the system's clock and chance. */
export function childOf(context: TraceContext): TraceContext {
  return asContext(childContext(sharedIds(), sharedClock(), context));
}

/**
 * Prepares a peer's id, at most 32 bytes, for fast writing. Do it once per peer, not per event. Of a longer one 32 bytes are
 * kept, and its events are flagged as truncated.
 */
export function tracePeer(id: Uint8Array): TracePeer {
  return asPeer(id instanceof Uint8Array && id.length <= 32 ? new LivePeer(id) : new CutPeer(id));
}

/** Makes an empty registry of application protocols. */
export const AppRegistry: new () => AppRegistryType = LiveAppRegistry;
export type AppRegistry = AppRegistryType;

/** Reads a log (the same as `log.query`), or a list of events such as a dump's. */
export const TraceQuery: new (source: EventLog | readonly TraceEvent[]) => TraceQueryType = /* @__PURE__ */ (() =>
  function TraceQuery(source: EventLog | readonly TraceEvent[]): TraceQueryType {
    return queryOf(source);
  } as unknown as new (source: EventLog | readonly TraceEvent[]) => TraceQueryType)();
export type TraceQuery = TraceQueryType;
