/** What every event has. */
export interface TraceEventBase {
  /** Position in its lane, modulo 2³². */
  readonly sequence: number;
  /** Part of the log that it was written to; logs that are not shared have lane 0 alone. */
  readonly lane: number;
  /** Unix µs. */
  readonly timeUs: number;
  /** 32 hex digits; undefined: it belongs to no trace. */
  readonly traceId: string | undefined;
  /** u64 of the span in which it happened; 0n: none. */
  readonly spanId: bigint;
  /** The node that recorded it, 64 hex digits; all zero: it has no id. */
  readonly nodeId: string;
  /** 64 hex digits; undefined: no peer was involved. */
  readonly peerId: string | undefined;
  /** Bits of `TRACE_FLAGS`. */
  readonly flags: number;
  /** Some field did not fit and was cut. */
  readonly truncated: boolean;
}

/** We began to connect. */
export interface ConnInitEvent extends TraceEventBase {
  readonly kind: 'connInit';
  /** As given, at most 55 bytes of UTF-8. */
  readonly endpoint: string;
}
export interface ConnEstablishedEvent extends TraceEventBase {
  readonly kind: 'connEstablished';
  /** u32. */
  readonly rttUs: number;
}
export interface ConnClosedEvent extends TraceEventBase {
  readonly kind: 'connClosed';
  /** u64; 0n: in good order. */
  readonly code: bigint;
}
export interface StreamOpenedEvent extends TraceEventBase {
  readonly kind: 'streamOpened';
  /** u64. */
  readonly streamId: bigint;
}
export interface StreamDataEvent extends TraceEventBase {
  readonly kind: 'streamData';
  readonly streamId: bigint;
  /** u64. */
  readonly offset: bigint;
  /** Bytes, u32. */
  readonly length: number;
  readonly fin: boolean;
}
export interface StreamClosedEvent extends TraceEventBase {
  readonly kind: 'streamClosed';
  readonly streamId: bigint;
  /** u64; 0n: in good order. */
  readonly code: bigint;
}
export interface PacketSentEvent extends TraceEventBase {
  readonly kind: 'packetSent';
  /** Bytes, u32. */
  readonly size: number;
  /** u64. */
  readonly packetNumber: bigint;
}
export interface PacketReceivedEvent extends TraceEventBase {
  readonly kind: 'packetReceived';
  readonly size: number;
  readonly packetNumber: bigint;
}
export interface PacketLostEvent extends TraceEventBase {
  readonly kind: 'packetLost';
  readonly packetNumber: bigint;
}
/** What the three events of an application's request share. */
interface AppFields {
  /** 4 bytes as 8 hex digits. */
  readonly appId: string;
  /** u16. */
  readonly command: number;
  /** What the registry's protocol calls the command; undefined where the reader knows no protocol with this id. */
  readonly commandName: string | undefined;
}
export interface AppStartEvent extends TraceEventBase, AppFields {
  readonly kind: 'appStart';
}
export interface AppCommandEvent extends TraceEventBase, AppFields {
  readonly kind: 'appCommand';
  /** What the protocol recorded of the payload, at most 42 bytes. */
  readonly data: Uint8Array;
}
export interface AppEndEvent extends TraceEventBase, AppFields {
  readonly kind: 'appEnd';
  readonly ok: boolean;
}
export interface CustomEvent extends TraceEventBase {
  readonly kind: 'custom';
  /** u16. */
  readonly category: number;
  /** u16. */
  readonly code: number;
  /** At most 44 bytes. */
  readonly data: Uint8Array;
}
/** What both ends of a span share. */
interface SpanFields {
  /** Of the log's table; 0: the table was full. */
  readonly nameId: number;
  readonly name: string;
  /** u64; 0n: the trace's first span. */
  readonly parentSpanId: bigint;
}
export interface SpanStartEvent extends TraceEventBase, SpanFields {
  readonly kind: 'spanStart';
}
export interface SpanEndEvent extends TraceEventBase, SpanFields {
  readonly kind: 'spanEnd';
  readonly ok: boolean;
}

/** A decoded event: `kind` says which fields it has. */
export type TraceEvent =
  | ConnInitEvent
  | ConnEstablishedEvent
  | ConnClosedEvent
  | StreamOpenedEvent
  | StreamDataEvent
  | StreamClosedEvent
  | PacketSentEvent
  | PacketReceivedEvent
  | PacketLostEvent
  | AppStartEvent
  | AppCommandEvent
  | AppEndEvent
  | CustomEvent
  | SpanStartEvent
  | SpanEndEvent;

export type TraceEventKind = TraceEvent['kind'];
