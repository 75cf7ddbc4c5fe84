/** A log in a page: written with both clocks, found by the index, exported, dumped and read back. */
import { createEventLog, readDump, TRACE, tracePeer } from '@p2p/trace';

export interface TraceResult {
  readonly traced: boolean;
  readonly kinds: readonly string[];
  readonly peers: number;
  readonly slices: number;
  readonly dumped: number;
  readonly secondsOff: number;
}

function exerciseTrace(): TraceResult {
  const log = createEventLog.full({ slots: 1024, clock: 'coarse' });
  const peer = tracePeer(new Uint8Array(32).fill(7));
  const context = log.newTrace();
  if (TRACE) log.spanStart(context, peer, 'in a page');
  if (TRACE) log.packetSent(context, peer, 1200, 1);
  if (TRACE) log.spanEnd(context, peer, 'in a page');
  const events = log.query.trace(context);
  return {
    traced: TRACE,
    kinds: events.map(({ kind }) => kind),
    peers: log.query.peer(peer).length,
    slices: (JSON.parse(log.query.exportChrome(context)) as { traceEvents: { ph: string }[] }).traceEvents.filter(({ ph }) => ph === 'X').length,
    dumped: readDump(log.query.exportDump()).events.length,
    secondsOff: Math.abs((events[0]?.timeUs ?? 0) / 1e6 - Date.now() / 1000),
  };
}

Object.assign(globalThis, { exerciseTrace });
