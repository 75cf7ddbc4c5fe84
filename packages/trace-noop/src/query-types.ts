import type { TraceContext, TracePeer } from './context-types.ts';
import type { TraceEvent, TraceEventKind } from './event-types.ts';

/** A trace: its context, 16 bytes, or 32 hex digits. Anything else is a `TypeError`. */
export type TraceIdRef = TraceContext | Uint8Array | string;

/** A node or peer: a prepared peer, at most 32 bytes, or at most 64 hex digits; shorter ones are padded with zeros. */
export type PeerIdRef = TracePeer | Uint8Array | string;

/** Every condition that is given must hold. */
export interface TraceFilter {
  readonly traceId?: TraceIdRef;
  readonly peer?: PeerIdRef;
  readonly nodeId?: PeerIdRef;
  readonly kinds?: readonly TraceEventKind[];
  /** Unix µs, inclusive. */
  readonly fromUs?: number;
  /** Unix µs, inclusive. */
  readonly toUs?: number;
  /** 4 bytes, or their 8 hex digits as events show them. */
  readonly appId?: Uint8Array | string;
  readonly command?: number;
  /** Name of a span. */
  readonly name?: string;
  /** Bits that must be set in `flags`. */
  readonly flags?: number;
  /** Any further condition. */
  readonly test?: (event: TraceEvent) => boolean;
  /** At most so many, the newest. */
  readonly limit?: number;
}

/** Microseconds. */
export interface Distribution {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** What the log shows of the traffic with one peer. */
export interface ConnectionAnalysis {
  /** 64 hex digits. */
  readonly peerId: string;
  readonly events: number;
  /** Unix µs of the first and last event; 0 where there is none. */
  readonly firstUs: number;
  readonly lastUs: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Lost packets per sent one, 0 to 1; 0 where none was sent. */
  readonly lossRate: number;
  /** Of `connEstablished` events; undefined where there is none. */
  readonly rtt: Distribution | undefined;
  readonly streamsOpened: number;
  /** Streams and connections that ended with a code other than 0. */
  readonly abnormalCloses: number;
}

export interface TraceSummary {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Of the first span or application command; undefined where none is left in the log. */
  readonly name: string | undefined;
  /** Unix µs. */
  readonly startUs: number;
  /** From its first event to its last. */
  readonly durationUs: number;
  readonly events: number;
  /** 64 hex digits each. */
  readonly nodeIds: readonly string[];
}

export type ProblemReason = 'packets-lost' | 'connection-closed' | 'stream-closed' | 'app-failed' | 'span-failed' | 'span-unfinished';

export interface TraceProblem extends TraceSummary {
  /** How often each was seen. */
  readonly reasons: Readonly<Partial<Record<ProblemReason, number>>>;
  /** 1 per lost packet, 10 per abnormal close, failed request or failed span, 2 per unfinished span. */
  readonly score: number;
}

/** Where a reader that follows the log stands: plain numbers, may be sent as JSON. Of use for the log that gave it only. */
export type TraceCursor = readonly number[];

export interface FollowedEvents {
  readonly events: readonly TraceEvent[];
  /** For the next call. */
  readonly cursor: TraceCursor;
  /** Events that were overwritten before they could be read. */
  readonly missed: number;
}

/** What to export: a trace, or events that were read before; default: everything in the log. */
export type ExportSelection = TraceIdRef | readonly TraceEvent[];

export interface DumpOptions {
  /** Events per block, 1 to 65 536, default 256: what a damaged block takes with it. */
  readonly blockEvents?: number;
}

/** Reads a log. Answers are copies, in chronological order across threads, and complete: no event is torn or stale. */
export interface TraceQuery {
  /** All events of a trace. */
  trace(id: TraceIdRef): TraceEvent[];
  /** False: nothing of this trace is in the log. With the index this costs no search. */
  mayHave(id: TraceIdRef): boolean;
  /** The newest `count` events. */
  recent(count: number): TraceEvent[];
  /** Unix µs, both inclusive. */
  timeRange(fromUs: number, toUs: number): TraceEvent[];
  /** All events with a peer. */
  peer(id: PeerIdRef): TraceEvent[];
  where(filter: TraceFilter | ((event: TraceEvent) => boolean)): TraceEvent[];
  /** All events, or those since a cursor that an earlier call gave. */
  since(cursor?: TraceCursor): FollowedEvents;

  analyzeConnection(peer: PeerIdRef): ConnectionAnalysis;
  /** The `count` traces that took longest, longest first. */
  slowest(count: number): TraceSummary[];
  /** Traces in which something went wrong, worst first. */
  problems(): TraceProblem[];

  /** JSON document `{ traceId, events }`; ids in hex, 64-bit numbers as 16 hex digits or decimal strings, data in hex. */
  exportJson(selection?: ExportSelection): string;
  /** Trace Event Format for Perfetto and chrome://tracing: a process per node, spans, packets as instants, arrows between nodes. */
  exportChrome(selection?: ExportSelection): string;
  /** One OTLP/JSON `ExportTraceServiceRequest`. */
  exportOtlp(selection?: ExportSelection): string;
  /** A file for `readDump`. */
  exportDump(selection?: ExportSelection, options?: DumpOptions): Uint8Array;
}

/** What a dump gave. */
export interface TraceDump {
  readonly events: readonly TraceEvent[];
  /** Where and why reading ended early, or what was skipped; empty: the dump is whole. */
  readonly damage: readonly DumpDamage[];
}

export interface DumpDamage {
  /** Byte at which the damaged block begins, or what lies behind the dump's end. */
  readonly offset: number;
  /** `after-end`: bytes follow the last block, such as another dump; they were not read. */
  readonly reason: 'not-a-dump' | 'unknown-version' | 'truncated' | 'checksum' | 'malformed' | 'no-end' | 'after-end';
}
