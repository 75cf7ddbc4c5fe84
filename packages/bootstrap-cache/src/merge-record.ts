import { type CacheState, indexAddresses, rescore } from './cache-state.ts';
import type { Columns } from './columns.ts';
import { backoffMs, capEvidence, halfLifeDecay } from './evidence.ts';
import { CAPABILITY_MASK, overlay } from './packed-capabilities.ts';
import { MAX_ADDRESSES, orderAddresses } from './peer-addresses.ts';
import { ADDRESSES_REPLACED, ORIGIN_REPLACED, type PeerAddress } from './peer-table.ts';
import { noteGlobalReach, type PeerRecord, type RecordedAddress, writeMeasurements } from './peer-record.ts';
import { SOURCE_CODES } from './source-codes.ts';

/**
 * Makes the row at `slot` the saved record plus what this process saw since its last save: counts,
 * evidence and round trips are added on top, so that nothing another process saw is lost and nothing
 * is counted twice.
 */
export function mergeRecord(state: CacheState, slot: number, saved: PeerRecord, now: number): void {
  const c = state.table.columns;
  const known = c.successes[slot]! - c.successDelta[slot]! + (c.failures[slot]! - c.failureDelta[slot]!);
  // After a fall back to the previous file its counts are behind ours: then ours stand.
  const isOlder = saved.successes + saved.failures < known;
  mergeOrigin(c, slot, saved);
  c.firstSeenAt[slot] = earlier(c.firstSeenAt[slot]!, saved.firstSeenAt);
  c.lastSeenAt[slot] = Math.max(c.lastSeenAt[slot]!, saved.lastSeenAt);
  c.claimed[slot] = overlay(overlay(c.claimed[slot]!, saved.claimed), c.claimedDelta[slot]!);
  mergeObservations(c, slot, saved);
  if (!isOlder) mergeMeasurements(state, slot, saved);
  mergeAddressLists(state, slot, saved, isOlder);
  rescore(state, slot, now);
}

function mergeOrigin(c: Columns, slot: number, saved: PeerRecord): void {
  if ((c.dirty[slot]! & ORIGIN_REPLACED) !== 0) return;
  if (SOURCE_CODES[saved.source] !== 'unknown' && c.isSeed[slot] === 0) c.source[slot] = saved.source;
  // A clean row follows the file, a changed one may have become a seed here.
  c.isSeed[slot] = saved.isSeed || (c.dirty[slot] !== 0 && c.isSeed[slot] === 1) ? 1 : 0;
}

function earlier(a: number, b: number): number {
  return a === 0 || (b !== 0 && b < a) ? b : a;
}

/** Of each field the later observation stands. */
function mergeObservations(c: Columns, slot: number, saved: PeerRecord): void {
  if (saved.observed === 0) return;
  const [relay, coordination, dualStack, nat] = saved.observedAt;
  takeLater(c, slot, c.relaySeenAt, relay, saved.observed & CAPABILITY_MASK.relay, CAPABILITY_MASK.relay);
  takeLater(c, slot, c.coordinationSeenAt, coordination, saved.observed & CAPABILITY_MASK.coordination, CAPABILITY_MASK.coordination);
  takeLater(c, slot, c.dualStackSeenAt, dualStack, saved.observed & CAPABILITY_MASK.dualStack, CAPABILITY_MASK.dualStack);
  takeLater(c, slot, c.natSeenAt, nat, saved.observed & CAPABILITY_MASK.natType, CAPABILITY_MASK.natType);
}

function takeLater(c: Columns, slot: number, seenAt: Float64Array, at: number, value: number, mask: number): void {
  if (at <= seenAt[slot]!) return;
  seenAt[slot] = at;
  c.observed[slot] = (c.observed[slot]! & ~mask) | value;
}

function mergeMeasurements(state: CacheState, slot: number, saved: PeerRecord): void {
  const c = state.table.columns;
  const { model } = state.settings;
  const local = {
    lastAttemptAt: c.lastAttemptAt[slot]!,
    lastSuccessAt: c.lastSuccessAt[slot]!,
    evidenceAt: c.evidenceAt[slot]!,
    consecutive: c.consecutive[slot]!,
    rttMs: c.rttMs[slot]!,
    minRttMs: c.minRttMs[slot]!,
    maxRttMs: c.maxRttMs[slot]!,
  };
  const successes = c.successDelta[slot]!;
  const failures = c.failureDelta[slot]!;
  writeMeasurements(state, slot, saved);
  if (successes + failures === 0) return;
  c.successes[slot] = Math.min(0xffff_ffff, saved.successes + successes);
  c.failures[slot] = Math.min(0xffff_ffff, saved.failures + failures);
  c.lastAttemptAt[slot] = Math.max(saved.lastAttemptAt, local.lastAttemptAt);
  c.lastSuccessAt[slot] = Math.max(saved.lastSuccessAt, local.lastSuccessAt);
  // A success of ours ended the saved run of failures; without one ours add to it.
  const consecutive = successes > 0 ? local.consecutive : Math.min(0xffff, saved.consecutive + failures);
  c.consecutive[slot] = consecutive;
  c.retryAt[slot] = consecutive === 0 ? 0 : Math.max(saved.lastAttemptAt, local.lastAttemptAt) + backoffMs(consecutive, model);
  const at = Math.max(saved.evidenceAt, local.evidenceAt);
  const fadeSaved = halfLifeDecay(at - saved.evidenceAt, model.evidenceHalfLifeMs);
  const fadeLocal = halfLifeDecay(at - local.evidenceAt, model.evidenceHalfLifeMs);
  c.goodEvidence[slot] = saved.goodEvidence * fadeSaved + c.goodDelta[slot]! * fadeLocal;
  c.badEvidence[slot] = saved.badEvidence * fadeSaved + c.badDelta[slot]! * fadeLocal;
  c.evidenceAt[slot] = at;
  capEvidence(c, slot, model);
  if (c.rttKeep[slot] === 1) return;
  c.rttMs[slot] = mergeRtt(saved.rttMs, local.rttMs, c.rttKeep[slot]!, c.rttAdd[slot]!);
  c.minRttMs[slot] = Math.min(local.minRttMs, Number.isNaN(saved.minRttMs) ? Number.POSITIVE_INFINITY : saved.minRttMs);
  c.maxRttMs[slot] = Math.max(local.maxRttMs, Number.isNaN(saved.maxRttMs) ? 0 : saved.maxRttMs);
}

function mergeRtt(saved: number, local: number, keep: number, add: number): number {
  if (Number.isNaN(saved)) return local;
  // Both sides began from nothing: neither average is better.
  return keep === 0 ? (saved + local) / 2 : saved * keep + add;
}

function mergeAddressLists(state: CacheState, slot: number, saved: PeerRecord, isOlder: boolean): void {
  const own = state.table.addresses[slot]!;
  if ((state.table.columns.dirty[slot]! & ADDRESSES_REPLACED) !== 0 || isSameList(own, saved.addresses)) return;
  const merged = new Map<string, PeerAddress>();
  for (const { text, verifiedAt, scope } of saved.addresses) merged.set(text, { text, verifiedAt, scope, isNew: false });
  for (const address of own) {
    const other = merged.get(address.text);
    if (other === undefined) {
      // One that is neither new nor in the file was taken out by another process.
      if (address.isNew || isOlder) merged.set(address.text, address);
    } else if (address.verifiedAt > other.verifiedAt) {
      other.verifiedAt = address.verifiedAt;
      other.scope = address.scope;
    }
  }
  state.table.addresses[slot] = orderAddresses([...merged.values()]).slice(0, MAX_ADDRESSES);
  indexAddresses(state, slot);
  noteGlobalReach(state, slot);
}

/** The rule for peers that nobody changed; it spares them the work. */
function isSameList(own: readonly PeerAddress[], saved: readonly RecordedAddress[]): boolean {
  if (own.length !== saved.length) return false;
  for (let at = 0; at < own.length; at++) {
    if (own[at]!.text !== saved[at]!.text || own[at]!.verifiedAt !== saved[at]!.verifiedAt) return false;
  }
  return true;
}
