import type { ConnectionAnalysis, TraceQuery } from './query-types.ts';

const NO_TRAFFIC: ConnectionAnalysis = /* @__PURE__ */ Object.freeze({
  peerId: '',
  events: 0,
  firstUs: 0,
  lastUs: 0,
  packetsSent: 0,
  packetsReceived: 0,
  packetsLost: 0,
  bytesSent: 0,
  bytesReceived: 0,
  lossRate: 0,
  rtt: undefined,
  streamsOpened: 0,
  abnormalCloses: 0,
});

/** Every answer is empty. */
export const NOOP_QUERY: TraceQuery = /* @__PURE__ */ Object.freeze({
  trace: () => [],
  mayHave: () => false,
  recent: () => [],
  timeRange: () => [],
  peer: () => [],
  where: () => [],
  since: () => ({ events: [], cursor: [], missed: 0 }),
  analyzeConnection: () => NO_TRAFFIC,
  slowest: () => [],
  problems: () => [],
  exportJson: () => '{"events":[]}',
  exportChrome: () => '{"traceEvents":[]}',
  exportOtlp: () => '{"resourceSpans":[]}',
  exportDump: () => new Uint8Array(0),
});
