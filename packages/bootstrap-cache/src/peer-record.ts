import { type CacheState, insertPeer } from './cache-state.ts';
import { backoffMs } from './evidence.ts';
import { orderAddresses } from './peer-addresses.ts';
import type { AddressScope } from './types.ts';

/** A peer as files hold it. Times are Unix ms, 0 is never; unknown round trips are NaN. */
export interface PeerRecord {
  readonly id: string;
  readonly addresses: readonly RecordedAddress[];
  /** Index into `SOURCE_CODES`. */
  readonly source: number;
  readonly isSeed: boolean;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly lastAttemptAt: number;
  readonly lastSuccessAt: number;
  readonly successes: number;
  readonly failures: number;
  readonly consecutive: number;
  readonly goodEvidence: number;
  readonly badEvidence: number;
  readonly evidenceAt: number;
  readonly rttMs: number;
  readonly minRttMs: number;
  readonly maxRttMs: number;
  readonly claimed: number;
  readonly observed: number;
  /** When relay, coordination, dual-stack and NAT type were observed. */
  readonly observedAt: readonly [number, number, number, number];
}

export interface RecordedAddress {
  readonly text: string;
  readonly verifiedAt: number;
  readonly scope: AddressScope | undefined;
}

export function recordOf(state: CacheState, slot: number): PeerRecord {
  const { columns: c, ids, addresses } = state.table;
  return {
    id: ids[slot]!,
    addresses: addresses[slot]!,
    source: c.source[slot]!,
    isSeed: c.isSeed[slot] === 1,
    firstSeenAt: c.firstSeenAt[slot]!,
    lastSeenAt: c.lastSeenAt[slot]!,
    lastAttemptAt: c.lastAttemptAt[slot]!,
    lastSuccessAt: c.lastSuccessAt[slot]!,
    successes: c.successes[slot]!,
    failures: c.failures[slot]!,
    consecutive: c.consecutive[slot]!,
    goodEvidence: c.goodEvidence[slot]!,
    badEvidence: c.badEvidence[slot]!,
    evidenceAt: c.evidenceAt[slot]!,
    rttMs: c.rttMs[slot]!,
    minRttMs: c.minRttMs[slot]!,
    maxRttMs: c.maxRttMs[slot]!,
    claimed: c.claimed[slot]!,
    observed: c.observed[slot]!,
    observedAt: [c.relaySeenAt[slot]!, c.coordinationSeenAt[slot]!, c.dualStackSeenAt[slot]!, c.natSeenAt[slot]!],
  };
}

/** Adds a row with a record's values; the id must not be present. */
export function insertRecord(state: CacheState, record: PeerRecord): number {
  const addresses = orderAddresses(record.addresses.map(({ text, verifiedAt, scope }) => ({ text, verifiedAt, scope, isNew: false })));
  const slot = insertPeer(state, record.id, addresses);
  writeMeasurements(state, slot, record);
  const c = state.table.columns;
  c.source[slot] = record.source;
  c.isSeed[slot] = record.isSeed ? 1 : 0;
  c.firstSeenAt[slot] = record.firstSeenAt;
  c.lastSeenAt[slot] = record.lastSeenAt;
  c.claimed[slot] = record.claimed;
  c.observed[slot] = record.observed;
  [c.relaySeenAt[slot], c.coordinationSeenAt[slot], c.dualStackSeenAt[slot], c.natSeenAt[slot]] = record.observedAt;
  noteGlobalReach(state, slot);
  return slot;
}

/** Sets what outcomes of dials left behind. */
export function writeMeasurements(state: CacheState, slot: number, record: PeerRecord): void {
  const c = state.table.columns;
  c.lastAttemptAt[slot] = record.lastAttemptAt;
  c.lastSuccessAt[slot] = record.lastSuccessAt;
  c.successes[slot] = record.successes;
  c.failures[slot] = record.failures;
  c.consecutive[slot] = record.consecutive;
  c.goodEvidence[slot] = record.goodEvidence;
  c.badEvidence[slot] = record.badEvidence;
  c.evidenceAt[slot] = record.evidenceAt;
  c.rttMs[slot] = record.rttMs;
  c.minRttMs[slot] = record.minRttMs;
  c.maxRttMs[slot] = record.maxRttMs;
  c.retryAt[slot] = record.consecutive === 0 ? 0 : record.lastAttemptAt + backoffMs(record.consecutive, state.settings.model);
}

/** Derives the newest proof of a global address from the address list. */
export function noteGlobalReach(state: CacheState, slot: number): void {
  let at = 0;
  for (const { scope, verifiedAt } of state.table.addresses[slot]!) if (scope === 'global' && verifiedAt > at) at = verifiedAt;
  state.table.columns.globalReachAt[slot] = at;
}
