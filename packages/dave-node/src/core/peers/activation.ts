import type { DiscoveryIntervals } from './intervals.ts';
import type { PeerState } from './peer.ts';

/** What decides about a peer's state. Times are peer time in ms. */
export interface Evidence {
  readonly state: PeerState;
  readonly edge: boolean;
  readonly lastProofAt: number | undefined;
  readonly provenSinceAt: number;
  readonly pingIntervalMs: number;
}

/** `lapse`: silent for so long that a peer is dropped and an edge's pin is void. */
export type Change = 'activate' | 'deactivate' | 'lapse';

/** Ping intervals that the answer to the last of the unanswered PINGs gets: it is sent when the silence is as old as the limit, less one round trip. */
const LAST_ANSWER = 0.25;

/** When a peer that says nothing more becomes inactive. */
export function silentAt(peer: Evidence, intervals: DiscoveryIntervals): number {
  if (peer.lastProofAt === undefined) return Number.NEGATIVE_INFINITY;
  return peer.lastProofAt + (intervals.deactivateAfter + LAST_ANSWER) * peer.pingIntervalMs;
}

function lapseAt(peer: Evidence, intervals: DiscoveryIntervals): number {
  return peer.lastProofAt! + intervals.dropAfter * peer.pingIntervalMs;
}

/** Edges serve as soon as they answer: the operator vouches for them. */
export function activateAt(peer: Evidence, intervals: DiscoveryIntervals): number {
  return peer.edge ? peer.provenSinceAt : peer.provenSinceAt + intervals.activateAfter * intervals.pingMs;
}

/** The change that is due at `nowMs`, the gravest first. */
export function dueChange(peer: Evidence, nowMs: number, intervals: DiscoveryIntervals): Change | undefined {
  if (peer.state === 'unproven' || peer.lastProofAt === undefined) return undefined;
  if (nowMs >= lapseAt(peer, intervals)) return 'lapse';
  const silent = nowMs >= silentAt(peer, intervals);
  if (peer.state === 'active') return silent ? 'deactivate' : undefined;
  return !silent && peer.state === 'proven' && nowMs >= activateAt(peer, intervals) ? 'activate' : undefined;
}

/** When `dueChange` may next return something, if no proof comes before. Never in the past once due changes were made. */
export function nextChangeAt(peer: Evidence, nowMs: number, intervals: DiscoveryIntervals): number {
  if (peer.state === 'unproven' || peer.lastProofAt === undefined) return Number.POSITIVE_INFINITY;
  if (peer.state === 'active') return silentAt(peer, intervals);
  const activate = activateAt(peer, intervals);
  if (peer.state === 'proven' && activate > nowMs && activate < silentAt(peer, intervals)) return activate;
  return lapseAt(peer, intervals);
}
