import type { ConnectionAnalysis, Distribution, ProblemReason, TraceEvent, TraceProblem, TraceSummary } from '@p2p/trace-noop';

const SCORES: Readonly<Record<ProblemReason, number>> = {
  'packets-lost': 1,
  'span-unfinished': 2,
  'connection-closed': 10,
  'stream-closed': 10,
  'app-failed': 10,
  'span-failed': 10,
};

function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  // Nearest rank: a value that was measured, never one between two.
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return {
    count: sorted.length,
    minUs: sorted[0]!,
    meanUs: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50Us: rank(0.5),
    p95Us: rank(0.95),
    p99Us: rank(0.99),
    maxUs: sorted.at(-1)!,
  };
}

/** `events`: those with the peer. */
export function analyzeConnection(peerId: string, events: readonly TraceEvent[]): ConnectionAnalysis {
  const totals = { packetsSent: 0, packetsReceived: 0, packetsLost: 0, bytesSent: 0, bytesReceived: 0, streamsOpened: 0, abnormalCloses: 0 };
  const rtts: number[] = [];
  for (const event of events) {
    switch (event.kind) {
      case 'packetSent':
        totals.packetsSent += 1;
        totals.bytesSent += event.size;
        break;
      case 'packetReceived':
        totals.packetsReceived += 1;
        totals.bytesReceived += event.size;
        break;
      case 'packetLost':
        totals.packetsLost += 1;
        break;
      case 'connEstablished':
        rtts.push(event.rttUs);
        break;
      case 'streamOpened':
        totals.streamsOpened += 1;
        break;
      case 'streamClosed':
      case 'connClosed':
        if (event.code !== 0n) totals.abnormalCloses += 1;
        break;
      default:
    }
  }
  const lossRate = totals.packetsSent === 0 ? 0 : Math.min(1, totals.packetsLost / totals.packetsSent);
  return { peerId, events: events.length, firstUs: events[0]?.timeUs ?? 0, lastUs: events.at(-1)?.timeUs ?? 0, ...totals, lossRate, rtt: distributionOf(rtts) };
}

/** Events by trace, in the order in which traces began; those of no trace are left out. */
export function groupByTrace(events: readonly TraceEvent[]): Map<string, TraceEvent[]> {
  const traces = new Map<string, TraceEvent[]>();
  for (const event of events) {
    if (event.traceId === undefined) continue;
    const group = traces.get(event.traceId);
    if (group === undefined) traces.set(event.traceId, [event]);
    else group.push(event);
  }
  return traces;
}

function nameOf(events: readonly TraceEvent[]): string | undefined {
  for (const event of events) {
    if (event.kind === 'spanStart') return event.name;
    if (event.kind === 'appStart' || event.kind === 'appCommand') return event.commandName ?? `${event.appId}/${event.command}`;
  }
  return undefined;
}

function summaryOf(traceId: string, events: readonly TraceEvent[]): TraceSummary {
  const startUs = events[0]!.timeUs;
  const nodeIds = [...new Set(events.map(({ nodeId }) => nodeId))];
  return { traceId, name: nameOf(events), startUs, durationUs: events.at(-1)!.timeUs - startUs, events: events.length, nodeIds };
}

export function slowestTraces(events: readonly TraceEvent[], count: number): TraceSummary[] {
  if (!(count > 0)) return [];
  return [...groupByTrace(events)]
    .map(([traceId, group]) => summaryOf(traceId, group))
    .sort((a, b) => b.durationUs - a.durationUs)
    .slice(0, count);
}

/** Spans are told apart by node as well: two nodes may describe the two ends of one span. */
function unfinishedSpans(events: readonly TraceEvent[]): number {
  const open = new Set<string>();
  for (const event of events) {
    if (event.kind === 'spanStart') open.add(`${event.nodeId}/${event.spanId}`);
    else if (event.kind === 'spanEnd') open.delete(`${event.nodeId}/${event.spanId}`);
  }
  return open.size;
}

function reasonOf(event: TraceEvent): ProblemReason | undefined {
  switch (event.kind) {
    case 'packetLost':
      return 'packets-lost';
    case 'connClosed':
      return event.code === 0n ? undefined : 'connection-closed';
    case 'streamClosed':
      return event.code === 0n ? undefined : 'stream-closed';
    case 'appEnd':
      return event.ok ? undefined : 'app-failed';
    case 'spanEnd':
      return event.ok ? undefined : 'span-failed';
    default:
      return undefined;
  }
}

export function problemTraces(events: readonly TraceEvent[]): TraceProblem[] {
  const problems: TraceProblem[] = [];
  for (const [traceId, group] of groupByTrace(events)) {
    const reasons: Partial<Record<ProblemReason, number>> = {};
    for (const event of group) {
      const reason = reasonOf(event);
      if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    const unfinished = unfinishedSpans(group);
    if (unfinished > 0) reasons['span-unfinished'] = unfinished;
    const score = Object.entries(reasons).reduce((sum, [reason, times]) => sum + SCORES[reason as ProblemReason] * times, 0);
    if (score > 0) problems.push({ ...summaryOf(traceId, group), reasons, score });
  }
  return problems.sort((a, b) => b.score - a.score);
}
