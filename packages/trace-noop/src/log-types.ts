import type { AppRegistry } from './app-types.ts';
import type { PeerRef, TraceContext, TraceWireItem } from './context-types.ts';
import type { TraceEventInput } from './input-types.ts';
import type { TraceQuery } from './query-types.ts';

/** A log's only source of time. */
export interface TraceClock {
  /**
   * Unix µs; fractions are kept. It may step in either direction. Where it throws, or gives no number or one beyond ±(2⁵³ - 1), the
   * event has the nearest time or the one before, and is flagged as truncated, also where the log is strict.
   */
  nowUs(): number;
}

/** A log's only source of chance, for ids and sampling. */
export interface TraceRandom {
  /** `length` fresh bytes. */
  bytes(length: number): Uint8Array;
}

export interface EventLogOptions {
  /** This node's id, at most 32 bytes, padded with zeros; default: all zero. */
  readonly nodeId?: Uint8Array;
  /** Events kept: a power of two from 64 to 4 194 304 (512 MiB), 128 bytes each. Default 65 536 (8 MiB). */
  readonly slots?: number;
  /** Index by trace, peer and time, and a Bloom filter: about 17 bytes more per slot, and at least 4 kB per lane. Default false. */
  readonly index?: boolean;
  /** False: `appStart`, `appCommand` and `appEnd` record nothing. Default true. */
  readonly appTracing?: boolean;
  /** Share of new traces that are recorded, 0 to 1. Default 1. Decided once per trace. */
  readonly sampleRate?: number;
  /** Traces per second that are recorded because a remote peer says so. Default 100; 0: none. */
  readonly remoteTracesPerSecond?: number;
  /**
   * `precise` (default) reads the clock for each event. `coarse` reads it once in 32 events and at least once in
   * about a millisecond, unless the event loop is blocked. An object is a clock of your own.
   */
  readonly clock?: 'precise' | 'coarse' | TraceClock;
  readonly random?: TraceRandom;
  /** In a SharedArrayBuffer, for several threads: see `memory` and `attachEventLog`. Default false. */
  readonly shared?: boolean;
  /**
   * Of a shared log: a power of two from 1 to 64, at most a 64th of `slots`; default 8. Each thread writes into a lane of its own, with an
   * equal part of the slots. Every thread counts that ever made or attached the log; beyond this number they share lanes,
   * which is safe, and searched without the index.
   */
  readonly lanes?: number;
  /** Node ids that one log can tell apart, 1 to 65 535. Default 64. Events of nodes beyond are flagged as truncated. */
  readonly maxNodes?: number;
  /** Throw `TypeError` where data would be truncated or does not fit: for tests. Default false. */
  readonly strict?: boolean;
  readonly apps?: AppRegistry;
}

/** What attached threads may choose for themselves; everything else is the log's. */
export type AttachOptions = Pick<EventLogOptions, 'nodeId' | 'clock' | 'random' | 'strict' | 'apps' | 'sampleRate' | 'appTracing' | 'remoteTracesPerSecond'>;

export interface EventLogStats {
  readonly slots: number;
  /** Size of the log's memory, which never grows. */
  readonly memoryBytes: number;
  /** Events that were recorded. */
  readonly written: number;
  /** Of these, how many have been overwritten by newer ones. */
  readonly overwritten: number;
  /** Events that were not recorded because their slot was being written by a thread that stood still for a whole lap. */
  readonly dropped: number;
  /** Events of which some field was cut. */
  readonly truncated: number;
  /** How often a node id or a span name found its table full. */
  readonly refusedNames: number;
  /** Traces of strangers that were to be recorded and are not, for `remoteTracesPerSecond`. */
  readonly refusedTraces: number;
  /** Calls of `log` that recorded nothing: there is no such kind of event. */
  readonly unknownKinds: number;
  readonly threads: number;
  readonly lanes: number;
}

/**
 * Records events. Its functions need it as `this`. Writers never throw (but see `strict`), never wait and allocate nothing; they take raw values.
 * `context` undefined: the event belongs to no trace and is always recorded. A context that is not sampled: it is not.
 */
export interface EventLog {
  /** A new trace, sampled by the log's rate. `flags`: bits of `TRACE_FLAGS` to set, `debug` implies `sampled`. */
  newTrace(flags?: number): TraceContext;
  /** A new span of the same trace, child of the context's span. */
  childOf(context: TraceContext): TraceContext;
  /**
   * The context that a remote peer sent. Its span is the remote one, so make a `childOf` it for work done here. `sampled` and
   * `debug` are honoured within `remoteTracesPerSecond`, once per trace; for a trace that this log began, as it was decided then. The last
   * 2048 decisions of each kind are remembered. Malformed items give an unsampled context.
   */
  contextFromWire(item: TraceWireItem): TraceContext;
  /** The same log, for events of another node: at most 32 bytes. */
  forNode(nodeId: Uint8Array): EventLog;

  /** `endpoint`: such as `192.0.2.7:127`, at most 55 bytes of UTF-8. */
  connInit(context: TraceContext | undefined, peer: PeerRef, endpoint: string): void;
  /** `rttUs`: u32. */
  connEstablished(context: TraceContext | undefined, peer: PeerRef, rttUs: number): void;
  /** `code`: u64, 0 in good order. */
  connClosed(context: TraceContext | undefined, peer: PeerRef, code: number | bigint): void;
  streamOpened(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint): void;
  streamData(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint, offset: number | bigint, length: number, fin: boolean): void;
  streamClosed(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint, code: number | bigint): void;
  /** `size`: bytes, u32. `packetNumber`: u64. */
  packetSent(context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void;
  packetReceived(context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void;
  packetLost(context: TraceContext | undefined, peer: PeerRef, packetNumber: number | bigint): void;
  /** `appId`: 4 bytes. `command`: u16. */
  appStart(context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number): void;
  /** What the registered protocol takes from `payload`; without one its first 42 bytes. */
  appCommand(context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number, payload: Uint8Array): void;
  appEnd(context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number, ok: boolean): void;
  /** `category`, `code`: u16. `data`: at most 44 bytes. */
  custom(context: TraceContext | undefined, peer: PeerRef, category: number, code: number, data?: Uint8Array): void;
  /** Beginning of the context's own span. `name`: a constant of at most 60 bytes of UTF-8; a log keeps 255 different ones. */
  spanStart(context: TraceContext | undefined, peer: PeerRef, name: string): void;
  /** End of the context's own span. `ok` default true. */
  spanEnd(context: TraceContext | undefined, peer: PeerRef, name: string, ok?: boolean): void;
  /** Any event, by its `kind`. An unknown kind records nothing, and is counted in `unknownKinds`. */
  log(event: TraceEventInput): void;

  readonly query: TraceQuery;
  readonly apps: AppRegistry;
  readonly stats: EventLogStats;
  /** Of a shared log: give it to another thread and call `attachEventLog` there. */
  readonly memory: SharedArrayBuffer | undefined;
}

/** Makes logs. */
export interface CreateEventLog {
  /** A log. Options out of bounds: `TypeError`. */
  (options?: EventLogOptions): EventLog;
  /** The same with index, unless an option says otherwise: all there is. */
  full(options?: EventLogOptions): EventLog;
}
