export type { AppProtocol, AppRegistry } from './app-types.ts';
export type { PeerRef, TraceContext, TraceFlags, TracePeer, TraceWireItem } from './context-types.ts';
export type {
  AppCommandEvent,
  AppEndEvent,
  AppStartEvent,
  ConnClosedEvent,
  ConnEstablishedEvent,
  ConnInitEvent,
  CustomEvent,
  PacketLostEvent,
  PacketReceivedEvent,
  PacketSentEvent,
  SpanEndEvent,
  SpanStartEvent,
  StreamClosedEvent,
  StreamDataEvent,
  StreamOpenedEvent,
  TraceEvent,
  TraceEventBase,
  TraceEventKind,
} from './event-types.ts';
export type { TraceEventInput } from './input-types.ts';
export type { AttachOptions, CreateEventLog, EventLog, EventLogOptions, EventLogStats, TraceClock, TraceRandom } from './log-types.ts';
export type {
  ConnectionAnalysis,
  Distribution,
  DumpDamage,
  DumpOptions,
  ExportSelection,
  FollowedEvents,
  PeerIdRef,
  ProblemReason,
  TraceCursor,
  TraceDump,
  TraceFilter,
  TraceIdRef,
  TraceProblem,
  TraceQuery,
  TraceSummary,
} from './query-types.ts';
export type { TraceErrorCode } from './trace-error.ts';
