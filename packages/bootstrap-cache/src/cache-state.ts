import { freshObservations } from './observations.ts';
import { NetworkLedger } from './network-ledger.ts';
import { type PeerAddress, PeerTable } from './peer-table.ts';
import { PROVEN_MS } from './scoring-model.ts';
import type { Settings } from './settings.ts';
import { quality } from './quality.ts';
import { antQuicQuality } from './quality-ant-quic.ts';

/** Scores fade slowly: selections work with ones that are up to this old. */
const SCORES_VALID_MS = 60_000;

/** What all operations share. */
export interface CacheState {
  readonly settings: Settings;
  readonly table: PeerTable;
  readonly ledger: NetworkLedger;
  /** Removed ids and when; kept so that other processes' copies do not bring them back. */
  readonly tombstones: Map<string, number>;
  /** When every score was computed last. */
  scoredAt: number;
  /** True while something is not in a file. */
  isDirty: boolean;
}

export function createState(settings: Settings): CacheState {
  return { settings, table: new PeerTable(), ledger: new NetworkLedger(), tombstones: new Map(), scoredAt: 0, isDirty: false };
}

/** Values of the `record` column: what scans need to know of a peer's dials, in one byte. */
export const RECORD = { untested: 1, failedLast: 2, workedLast: 3 } as const;

/** Recomputes what is derived of one peer; call it after every change of its outcomes. */
export function rescore(state: CacheState, slot: number, now: number): void {
  const { columns } = state.table;
  columns.record[slot] = columns.consecutive[slot] !== 0 ? RECORD.failedLast : isUntested(state, slot) ? RECORD.untested : RECORD.workedLast;
  const { settings } = state;
  columns.score[slot] =
    settings.scoring === 'ant-quic'
      ? antQuicQuality(columns, slot, now, settings.model.observationTtlMs, settings.weights)
      : quality(columns, slot, now, settings.model, settings.weights);
}

export function rescoreAll(state: CacheState, now: number): void {
  for (let slot = 0; slot < state.table.size; slot++) rescore(state, slot, now);
  state.scoredAt = now;
}

/** Recomputes all scores when they are too old, or when the clock was set back. */
export function refreshScores(state: CacheState, now: number): void {
  const age = now - state.scoredAt;
  if (age < 0 || age > SCORES_VALID_MS) rescoreAll(state, now);
}

/** Dialled with success within the last 30 days; a time in the future counts as now. */
export function isProven(state: CacheState, slot: number, now: number): boolean {
  const last = state.table.columns.lastSuccessAt[slot]!;
  return last !== 0 && now - last < PROVEN_MS;
}

/** Failures in a row after which a peer that once answered is given up. */
export const GIVEN_UP_AFTER = 3;

/** Answered once, and has not failed so often since that it must be given up. */
export function isPromising(state: CacheState, slot: number): boolean {
  const { columns } = state.table;
  return columns.lastSuccessAt[slot] !== 0 && columns.consecutive[slot]! < GIVEN_UP_AFTER;
}

export function isUntested(state: CacheState, slot: number): boolean {
  const { columns } = state.table;
  return columns.successes[slot] === 0 && columns.failures[slot] === 0;
}

/** True when an outbound dial proved a global address and the proof has not expired. */
export function isGloballyReachable(state: CacheState, slot: number, now: number): boolean {
  const at = state.table.columns.globalReachAt[slot]!;
  return at !== 0 && now - at <= state.settings.model.observationTtlMs;
}

export function observedNow(state: CacheState, slot: number, now: number): number {
  return freshObservations(state.table.columns, slot, now, state.settings.model.observationTtlMs);
}

/** Adds a row and counts it in its network. */
export function insertPeer(state: CacheState, id: string, addresses: PeerAddress[]): number {
  const slot = state.table.insert(id, addresses);
  indexAddresses(state, slot);
  return slot;
}

export function removePeer(state: CacheState, slot: number): void {
  state.ledger.leave(state.table.columns.network[slot]!);
  state.table.remove(slot);
}

/** Bits of the `families` column. */
export const FAMILY_BITS = { global4: 1, global6: 2, near4: 4, near6: 8 } as const;

/** Brings families and network up to date with a peer's addresses. The network is that of the address dialled first. */
export function indexAddresses(state: CacheState, slot: number): void {
  const { columns, addresses } = state.table;
  const { classifyAddress } = state.settings;
  let families = 0;
  let network: string | number | undefined;
  const list = addresses[slot]!;
  for (let position = 0; position < list.length; position++) {
    const found = classifyAddress(list[position]!.text);
    if (found === undefined) continue;
    const isGlobal = found.scope === 'global';
    if (found.family !== 6) families |= isGlobal ? FAMILY_BITS.global4 : FAMILY_BITS.near4;
    if (found.family !== 4) families |= isGlobal ? FAMILY_BITS.global6 : FAMILY_BITS.near6;
    if (position === 0 && isGlobal) ({ network } = found);
  }
  columns.families[slot] = families;
  const entered = state.ledger.enter(network);
  state.ledger.leave(columns.network[slot]!);
  columns.network[slot] = entered;
}
