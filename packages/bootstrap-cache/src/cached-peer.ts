import { type CacheState, FAMILY_BITS, rescore } from './cache-state.ts';
import { evidenceDecay, isBackingOff } from './evidence.ts';
import { freshObservations } from './observations.ts';
import { overlay, unpackCapabilities } from './packed-capabilities.ts';
import type { PeerAddress } from './peer-table.ts';
import { antQuicParts } from './quality-ant-quic.ts';
import { qualityParts } from './quality.ts';
import { SOURCE_CODES } from './source-codes.ts';
import type { AddressClass, AddressScope, CachedPeer, ReachableAddress } from './types.ts';

/** Which addresses come first in a copy of a peer. */
export interface AddressPreference {
  readonly family?: 4 | 6 | undefined;
  /** `global`: only global addresses count as preferred. */
  readonly scope?: AddressScope | undefined;
}

/** Copies a row out. */
export function cachedPeer(state: CacheState, slot: number, now: number, preference: AddressPreference = {}): CachedPeer {
  const { settings, table } = state;
  const { columns: c } = table;
  const { model } = settings;
  rescore(state, slot, now);
  const observed = freshObservations(c, slot, now, model.observationTtlMs);
  const decay = evidenceDecay(c.evidenceAt[slot]!, now, model);
  const retryAt = c.retryAt[slot]!;
  return {
    id: table.ids[slot]!,
    addresses: preferredAddresses(state, slot, preference),
    source: SOURCE_CODES[c.source[slot]!]!,
    isSeed: c.isSeed[slot] === 1,
    firstSeenAt: c.firstSeenAt[slot]!,
    lastSeenAt: c.lastSeenAt[slot]!,
    lastAttemptAt: known(c.lastAttemptAt[slot]!),
    lastSuccessAt: known(c.lastSuccessAt[slot]!),
    retryAt: isBackingOff(retryAt, now, model.backoffMaxMs) ? retryAt : undefined,
    stats: {
      successes: c.successes[slot]!,
      failures: c.failures[slot]!,
      consecutiveFailures: c.consecutive[slot]!,
      rttMs: measured(c.rttMs[slot]!),
      minRttMs: measured(c.minRttMs[slot]!),
      maxRttMs: measured(c.maxRttMs[slot]!),
      recentSuccesses: c.goodEvidence[slot]! * decay,
      recentFailures: c.badEvidence[slot]! * decay,
    },
    capabilities: unpackCapabilities(overlay(c.claimed[slot]!, observed)),
    claimed: unpackCapabilities(c.claimed[slot]!),
    observed: unpackCapabilities(observed),
    reachable: reachableOf(table.addresses[slot]!, now - model.observationTtlMs),
    quality: c.score[slot]!,
    qualityParts: settings.scoring === 'ant-quic' ? antQuicParts(c, slot, now, model.observationTtlMs) : qualityParts(c, slot, now, model),
    lastFailureReason: table.failureReasons[slot],
  };
}

function known(at: number): number | undefined {
  return at === 0 ? undefined : at;
}

function measured(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}

function reachableOf(addresses: readonly PeerAddress[], oldest: number): ReachableAddress[] {
  const out: ReachableAddress[] = [];
  for (const { text, scope, verifiedAt } of addresses) {
    if (scope !== undefined && verifiedAt !== 0 && verifiedAt >= oldest) out.push({ address: text, scope, verifiedAt });
  }
  return out;
}

function preferredAddresses(state: CacheState, slot: number, { family, scope }: AddressPreference): string[] {
  const texts = state.table.addresses[slot]!.map(({ text }) => text);
  if ((family === undefined && scope === undefined) || (texts.length === 1 && (state.table.columns.families[slot]! & FAMILY_BITS.near4) === 0)) return texts;
  const rank = (found: AddressClass | undefined): number => {
    if (found === undefined || (family !== undefined && found.family !== undefined && found.family !== family)) return 2;
    return scope === 'global' && found.scope !== 'global' ? 1 : 0;
  };
  return texts
    .map((text) => ({ text, rank: rank(state.settings.classifyAddress(text)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ text }) => text);
}
