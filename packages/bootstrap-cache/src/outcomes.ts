import { type CacheState, rescore } from './cache-state.ts';
import { recordFailure, recordRtt, recordSuccess } from './evidence.ts';
import { observe } from './observations.ts';
import { overlay, packCapabilities } from './packed-capabilities.ts';
import { DIRTY } from './peer-table.ts';
import { verifyAddress } from './reachability.ts';
import type { ConnectionOutcome } from './types.ts';

const MAX_REASON_LENGTH = 64;

/** Writes an outcome into a peer's row. It has been checked. */
export function applyOutcome(state: CacheState, slot: number, outcome: ConnectionOutcome, now: number): void {
  const { columns } = state.table;
  const { model } = state.settings;
  if (!outcome.ok) {
    recordFailure(columns, slot, now, model);
    state.table.failureReasons[slot] = outcome.reason?.slice(0, MAX_REASON_LENGTH);
  } else if (outcome.direction === 'inbound') {
    // It says nothing about dialling: only that the peer lives, and what it claims.
    columns.lastSeenAt[slot] = now;
    const claims = packCapabilities(outcome.capabilities);
    columns.claimed[slot] = overlay(columns.claimed[slot]!, claims);
    columns.claimedDelta[slot] = overlay(columns.claimedDelta[slot]!, claims);
  } else {
    const { rttMs } = outcome;
    recordSuccess(columns, slot, now, model);
    state.table.failureReasons[slot] = undefined;
    if (rttMs !== undefined) recordRtt(columns, slot, rttMs);
    if (outcome.capabilities !== undefined) observe(columns, slot, packCapabilities(outcome.capabilities), now);
    if (outcome.address !== undefined) noteAddress(state, slot, outcome.address, now);
  }
  columns.dirty[slot]! |= DIRTY;
  state.isDirty = true;
  rescore(state, slot, now);
}

function noteAddress(state: CacheState, slot: number, address: string, now: number): void {
  // An address the classifier does not know proves nothing beyond this site.
  const scope = state.settings.classifyAddress(address)?.scope ?? 'local';
  verifyAddress(state, slot, address, scope, now);
}
