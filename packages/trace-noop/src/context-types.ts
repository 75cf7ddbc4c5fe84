/** Flag bits of a context and, in the same places, of an event. */
export interface TraceFlags {
  /** Events of this trace are recorded. */
  readonly sampled: 1;
  /** Somebody looks at this trace closely: programs may record more of it. */
  readonly debug: 2;
  /** An application's request started it, not the network's own upkeep. */
  readonly appInitiated: 4;
}

declare const contextBrand: unique symbol;
declare const peerBrand: unique symbol;

/**
 * Which trace, and which span of it, an event belongs to. Made by `newTrace`, `childOf` and
 * `contextFromWire` alone; immutable; may be kept and passed on, but not sent to another thread
 * (send `contextToWire(context)` there).
 */
export interface TraceContext {
  readonly [contextBrand]: true;
  /** 16 bytes, a fresh copy at each read. All zero: no trace. */
  readonly traceId: Uint8Array;
  /** The same as 32 lower-case hex digits. */
  readonly traceIdHex: string;
  /** u64; 0n: none. */
  readonly spanId: bigint;
  /** u64; 0n: this is the trace's first span. */
  readonly parentSpanId: bigint;
  /** When the span began, Unix µs. */
  readonly startTime: number;
  /** See `TRACE_FLAGS`. */
  readonly flags: number;
}

/**
 * A peer's 32-byte id, prepared once by `tracePeer` so that each event of the peer is written fast.
 * Keep it beside the peer; it is immutable.
 */
export interface TracePeer {
  readonly [peerBrand]: true;
  /** 32 bytes, a fresh copy at each read. */
  readonly bytes: Uint8Array;
}

/** What writers take for a peer: a prepared one (fast), an id of at most 32 bytes (padded with zeros), or none. */
export type PeerRef = TracePeer | Uint8Array | undefined;

/** A context as item 1 of the wire's extension block carries it. */
export interface TraceWireItem {
  /** 16 bytes. */
  traceId: Uint8Array;
  /** u64. */
  spanId: bigint;
  /** u64, Unix µs. */
  startUs: bigint;
  /** u8. */
  flags: number;
}
