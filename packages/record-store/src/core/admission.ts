import type { Caps } from '../limits.ts';
import type { RejectReason } from '../types.ts';
import { compareBytes } from './bytes.ts';
import type { Owner, StoredMeta, StoredProvider, StoredValue, ValueCandidate } from './stored.ts';
import type { OriginUsage, PoolUsage } from './usage.ts';

/**
 * What an engine does next. The decision is one pure piece of code for all engines (Redis runs the same
 * in Lua, tested against this one): the engine calls it inside its transaction with what it has stored,
 * and when it answers `reclaim-…` removes some expired entries of that scope and asks again, or, when
 * that scope has none, asks with `exhausted` set to that answer.
 */
export type Step =
  | 'inserted'
  | 'updated'
  | 'refreshed'
  | RejectReason
  /** Expired value records of the candidate's class. */
  | 'reclaim-records'
  /** Expired entries of the candidate's class of either kind. */
  | 'reclaim-bytes'
  /** Expired entries of the candidate's origin. */
  | 'reclaim-origin'
  /** Expired providers of the candidate's class. */
  | 'reclaim-providers'
  /** Expired providers of this key. */
  | 'reclaim-key'
  /** Ask the full-key policy whom to replace; nobody: `key-full`. */
  | 'choose';

/** Room as it is inside the transaction. */
export interface Room {
  /** The usage of the class that the candidate would count for. */
  readonly pool: PoolUsage;
  /** The usage of the origin that it would count for; nothing where it has none. */
  readonly origin: OriginUsage;
  readonly caps: Caps;
}

/** Bits for scopes in which no expired entry is left. */
export const EXHAUSTED = { records: 1, bytes: 2, origin: 4, providers: 8, key: 16 } as const;

/** Selection: how a valid candidate stands to the live record of its key. `same`: their values are equal. */
export function selectValue(candidate: ValueCandidate, live: StoredValue, same: boolean): 'updated' | 'refreshed' | 'stale' | 'conflict' {
  const { rank } = candidate;
  if (rank !== undefined && live.rank !== undefined) {
    const order = compareBytes(rank, live.rank);
    if (order < 0) return 'stale';
    if (order > 0) return 'updated';
    return same ? 'refreshed' : 'conflict';
  }
  if (same) return 'refreshed';
  // A rank is what proves that one is newer: without it others do not overwrite what is ours, nor what has one.
  if (rank === undefined && (live.rank !== undefined || (live.local && !candidate.local))) return 'conflict';
  return 'updated';
}

/** Whether `ifVersion` allows the put. */
export function versionMatches(ifVersion: Uint8Array | 'absent', live: StoredValue | undefined): boolean {
  if (ifVersion === 'absent') return live === undefined;
  return live !== undefined && compareBytes(ifVersion, live.rank ?? live.value) === 0;
}

/** Who the record counts for after `step`: a refresh by others does not change whose it is. */
export function ownerAfter(step: 'inserted' | 'updated' | 'refreshed', candidate: Owner, stored: Owner | undefined): Owner {
  return step === 'refreshed' && stored !== undefined && !candidate.local ? stored : candidate;
}

/** When it expires after `step`: others can prolong, not shorten; this node sets. */
export function expiresAfter(step: 'inserted' | 'updated' | 'refreshed', candidate: StoredMeta, stored: StoredMeta | undefined): number {
  if (step !== 'refreshed' || stored === undefined || candidate.local) return candidate.expires;
  if (stored.local) return stored.expires;
  return candidate.origin === undefined ? candidate.expires : Math.max(stored.expires, candidate.expires);
}

/**
 * Decides a value put by selection alone: an outcome that the caps may still refuse, or a refusal.
 * `stored` is what is there, expired or not.
 */
export function judgeValue(candidate: ValueCandidate, stored: StoredValue | undefined, same: boolean, now: number): 'inserted' | 'updated' | 'refreshed' | 'stale' | 'conflict' | 'expired' {
  if (candidate.expires <= now) return 'expired';
  const live = stored !== undefined && stored.expires > now ? stored : undefined;
  if (candidate.ifVersion !== undefined && !versionMatches(candidate.ifVersion, live)) return 'conflict';
  return live === undefined ? 'inserted' : selectValue(candidate, live, same);
}

/**
 * Whether a value record that counts for `owner` with `bytes` fits where `stored` is replaced by it.
 * A cap is asked only where usage grows.
 */
export function fitValue(owner: Owner, bytes: number, stored: StoredMeta | undefined, room: Room, exhausted: number): 'fits' | Step {
  const caps = owner.local ? room.caps.local : room.caps.remote;
  const inPool = stored !== undefined && stored.local === owner.local;
  if (!inPool && room.pool.records + 1 > caps.records) return exhausted & EXHAUSTED.records ? 'at-capacity' : 'reclaim-records';
  const grown = bytes - (inPool ? stored.bytes : 0);
  if (grown > 0 && room.pool.bytes + grown > caps.bytes) return exhausted & EXHAUSTED.bytes ? 'at-capacity' : 'reclaim-bytes';
  return fitOrigin(owner, bytes, stored, room.origin.records, room.caps.origin.records, room, exhausted);
}

/** A provider that asks to be stored, beside what its key has. */
export interface ProviderSituation {
  /** The record of the same provider on this key, expired or not. */
  readonly stored: StoredProvider | undefined;
  /** Providers of this key in the candidate's class, expired ones too. */
  readonly count: number;
}

/** Decides an add. `choose` comes last: whoever is chosen then is replaced at once. */
export function decideProvider(candidate: StoredProvider, situation: ProviderSituation, room: Room, exhausted: number, now: number): Step {
  if (candidate.expires <= now) return 'expired';
  const { stored, count } = situation;
  const caps = candidate.local ? room.caps.local : room.caps.remote;
  const inPool = stored !== undefined && stored.local === candidate.local;
  if (!inPool && count === 0 && room.pool.providedKeys + 1 > caps.providedKeys) return exhausted & EXHAUSTED.providers ? 'at-capacity' : 'reclaim-providers';
  const grown = candidate.bytes - (inPool ? stored.bytes : 0);
  // A local provider is always admitted, whatever else is.
  if (!candidate.local && grown > 0 && room.pool.bytes + grown > caps.bytes) return exhausted & EXHAUSTED.bytes ? 'at-capacity' : 'reclaim-bytes';
  const fit = fitOrigin(candidate, candidate.bytes, stored, room.origin.providers, room.caps.origin.providers, room, exhausted);
  if (fit !== 'fits') return fit;
  if (!inPool && count + 1 > caps.providersPerKey) return exhausted & EXHAUSTED.key ? 'choose' : 'reclaim-key';
  if (stored === undefined || stored.expires <= now) return 'inserted';
  return sameAddresses(stored.addresses, candidate.addresses) ? 'refreshed' : 'updated';
}

function fitOrigin(owner: Owner, bytes: number, stored: StoredMeta | undefined, entries: number, cap: number, room: Room, exhausted: number): 'fits' | Step {
  if (owner.origin === undefined) return 'fits';
  const ofOrigin = stored !== undefined && stored.origin === owner.origin;
  const grown = bytes - (ofOrigin ? stored.bytes : 0);
  if ((!ofOrigin && entries + 1 > cap) || (grown > 0 && room.origin.bytes + grown > room.caps.origin.bytes)) {
    return exhausted & EXHAUSTED.origin ? 'quota' : 'reclaim-origin';
  }
  return 'fits';
}

function sameAddresses(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((address, at) => address === other[at]);
}

/** The scope bit of a `reclaim-…` step. */
export function exhaustedBit(step: Step): number {
  switch (step) {
    case 'reclaim-records':
      return EXHAUSTED.records;
    case 'reclaim-bytes':
      return EXHAUSTED.bytes;
    case 'reclaim-origin':
      return EXHAUSTED.origin;
    case 'reclaim-providers':
      return EXHAUSTED.providers;
    case 'reclaim-key':
      return EXHAUSTED.key;
    default:
      return 0;
  }
}
