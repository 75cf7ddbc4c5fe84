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

/** Recomputes one peer's score. */
export function rescore(state: CacheState, slot: number, now: number): void {
  const { columns } = state.table;
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
  let network: string | undefined;
  for (const [position, { text }] of addresses[slot]!.entries()) {
    const found = classifyAddress(text);
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
