import type { AppRegistry } from './app-types.ts';
import type { EventLog, EventLogStats } from './log-types.ts';
import { ZERO_CONTEXT } from './noop-context.ts';
import { NOOP_QUERY } from './noop-query.ts';

const nothing = (): void => undefined;
const zeroContext = (): typeof ZERO_CONTEXT => ZERO_CONTEXT;

export const NOOP_APPS: AppRegistry = /* @__PURE__ */ Object.freeze({ register: () => true, get: () => undefined });

const NO_STATS: EventLogStats = /* @__PURE__ */ Object.freeze({
  slots: 0,
  memoryBytes: 0,
  written: 0,
  overwritten: 0,
  dropped: 0,
  truncated: 0,
  refusedNames: 0,
  refusedTraces: 0,
  unknownKinds: 0,
  threads: 0,
  lanes: 0,
});

/** The one log there is. It holds nothing. */
export const NOOP_LOG: EventLog = /* @__PURE__ */ Object.freeze({
  newTrace: zeroContext,
  childOf: zeroContext,
  contextFromWire: zeroContext,
  // By `this`: minifiers keep a constant that names itself.
  forNode(): EventLog {
    return this as EventLog;
  },
  connInit: nothing,
  connEstablished: nothing,
  connClosed: nothing,
  streamOpened: nothing,
  streamData: nothing,
  streamClosed: nothing,
  packetSent: nothing,
  packetReceived: nothing,
  packetLost: nothing,
  appStart: nothing,
  appCommand: nothing,
  appEnd: nothing,
  custom: nothing,
  spanStart: nothing,
  spanEnd: nothing,
  log: nothing,
  query: NOOP_QUERY,
  apps: NOOP_APPS,
  stats: NO_STATS,
  memory: undefined,
});
