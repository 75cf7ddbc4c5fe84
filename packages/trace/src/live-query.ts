import type {
  AppRegistry,
  ConnectionAnalysis,
  DumpOptions,
  EventLog,
  ExportSelection,
  FollowedEvents,
  PeerIdRef,
  TraceCursor,
  TraceEvent,
  TraceFilter,
  TraceIdRef,
  TraceProblem,
  TraceQuery,
  TraceSummary,
} from '@p2p/trace-noop';
import { analyzeConnection, problemTraces, slowestTraces } from './analysis.ts';
import type { EventSource } from './event-source.ts';
import { writeChrome } from './export-chrome.ts';
import { writeDump } from './export-dump.ts';
import { writeJson } from './export-json.ts';
import { writeOtlp } from './export-otlp.ts';
import { isNone, searchedPeer, searchedTrace } from './id-refs.ts';
import { ListSource } from './list-source.ts';
import type { LogCore } from './log-core.ts';
import { LogSource } from './log-source.ts';
import { matcherOf } from './trace-filter.ts';

/** The answers to every question about a source of events. */
export class LiveTraceQuery implements TraceQuery {
  readonly #source: EventSource;

  constructor(source: EventSource) {
    this.#source = source;
  }

  static ofCore(core: LogCore, apps: AppRegistry): LiveTraceQuery {
    return new LiveTraceQuery(new LogSource(core, apps));
  }

  static ofEvents(events: readonly TraceEvent[]): LiveTraceQuery {
    return new LiveTraceQuery(new ListSource(events));
  }

  trace(id: TraceIdRef): TraceEvent[] {
    const searched = searchedTrace(id);
    return isNone(searched) ? [] : this.#source.trace(searched);
  }

  mayHave(id: TraceIdRef): boolean {
    const searched = searchedTrace(id);
    return !isNone(searched) && this.#source.mayHave(searched);
  }

  recent(count: number): TraceEvent[] {
    return this.#source.recent(count);
  }

  timeRange(fromUs: number, toUs: number): TraceEvent[] {
    return this.#source.timeRange(fromUs, toUs);
  }

  peer(id: PeerIdRef): TraceEvent[] {
    const searched = searchedPeer(id);
    return isNone(searched) ? [] : this.#source.peer(searched);
  }

  where(filter: TraceFilter | ((event: TraceEvent) => boolean)): TraceEvent[] {
    if (typeof filter === 'function') return this.#source.all().filter((event) => filter(event));
    const found = this.#candidates(filter).filter(matcherOf(filter));
    if (filter.limit === undefined) return found;
    return filter.limit > 0 ? found.slice(-filter.limit) : [];
  }

  since(cursor?: TraceCursor): FollowedEvents {
    return this.#source.since(cursor);
  }

  analyzeConnection(peer: PeerIdRef): ConnectionAnalysis {
    const id = searchedPeer(peer);
    return analyzeConnection(id.hex, isNone(id) ? [] : this.#source.peer(id));
  }

  slowest(count: number): TraceSummary[] {
    return slowestTraces(this.#source.all(), count);
  }

  problems(): TraceProblem[] {
    return problemTraces(this.#source.all());
  }

  exportJson(selection?: ExportSelection): string {
    return writeJson(this.#selected(selection));
  }

  exportChrome(selection?: ExportSelection): string {
    return writeChrome(this.#selected(selection));
  }

  exportOtlp(selection?: ExportSelection): string {
    return writeOtlp(this.#selected(selection));
  }

  exportDump(selection?: ExportSelection, options?: DumpOptions): Uint8Array {
    return writeDump(this.#selected(selection), options);
  }

  /** The smallest set that an index gives; the filter is applied to it as a whole. */
  #candidates({ traceId, peer, fromUs, toUs }: TraceFilter): TraceEvent[] {
    if (traceId !== undefined) return this.trace(traceId);
    if (peer !== undefined) return this.peer(peer);
    if (fromUs !== undefined || toUs !== undefined) return this.timeRange(fromUs ?? Number.NEGATIVE_INFINITY, toUs ?? Number.POSITIVE_INFINITY);
    return this.#source.all();
  }

  #selected(selection: ExportSelection | undefined): readonly TraceEvent[] {
    if (selection === undefined) return this.#source.all();
    return Array.isArray(selection) ? (selection as readonly TraceEvent[]) : this.trace(selection as TraceIdRef);
  }
}

/** The query of a log, or one over a list of events. */
export function queryOf(source: EventLog | readonly TraceEvent[]): TraceQuery {
  return Array.isArray(source) ? LiveTraceQuery.ofEvents(source as readonly TraceEvent[]) : (source as EventLog).query;
}
