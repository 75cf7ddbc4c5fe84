import type { Columns } from './columns.ts';
import { evidenceDecay, halfLifeDecay, runFactor } from './evidence.ts';
import { freshObservations } from './observations.ts';
import { COORDINATION_YES, DUAL_STACK_YES, overlay, RELAY_YES } from './packed-capabilities.ts';
import type { ScoringModel } from './scoring-model.ts';
import type { QualityParts, QualityWeights } from './types.ts';

/** By NAT code: unknown type (0), none, full-cone, address-restricted, port-restricted, symmetric, declared unknown. */
const NAT_SCORE = [0.5, 1, 0.9, 0.7, 0.6, 0, 0.5];

/** Posterior mean of a dial's success, from the prior and the outcomes that have not faded; lower while dials fail. */
export function successPart(c: Columns, slot: number, now: number, model: ScoringModel): number {
  const decay = evidenceDecay(c.evidenceAt[slot]!, now, model);
  const good = c.goodEvidence[slot]! * decay + model.priorSuccesses;
  const bad = c.badEvidence[slot]! * decay + model.priorFailures;
  return (runFactor(c.consecutive[slot]!) * good) / (good + bad);
}

/** 1 at 0 ms, 0.5 at the midpoint and when unknown, towards 0 beyond. */
export function rttPart(rttMs: number, model: ScoringModel): number {
  return Number.isNaN(rttMs) ? 0.5 : model.rttMidpointMs / (model.rttMidpointMs + rttMs);
}

/** 1 for a peer heard of now or, after a clock step, in the future. */
export function freshnessPart(lastSeenAt: number, now: number, model: ScoringModel): number {
  return halfLifeDecay(now - lastSeenAt, model.freshnessHalfLifeMs);
}

/** Relay 0.3, coordination 0.3, dual-stack 0.2, NAT 0.2; a claim that nothing confirms is worth half. */
export function capabilitiesPart(c: Columns, slot: number, now: number, model: ScoringModel): number {
  const observed = freshObservations(c, slot, now, model.observationTtlMs);
  const held = overlay(c.claimed[slot]!, observed);
  if (held === 0) return 0.2 * NAT_SCORE[0]!;
  let sum = 0;
  if ((held & 3) === RELAY_YES) sum += (observed & 3) === RELAY_YES ? 0.3 : 0.15;
  if ((held & 12) === COORDINATION_YES) sum += (observed & 12) === COORDINATION_YES ? 0.3 : 0.15;
  if ((held & 48) === DUAL_STACK_YES) sum += (observed & 48) === DUAL_STACK_YES ? 0.2 : 0.1;
  const nat = NAT_SCORE[held >> 6]!;
  // Half of what a claimed NAT type gains over an unknown one; a claimed weakness is believed in full.
  sum += 0.2 * (observed >> 6 !== 0 || nat < 0.5 ? nat : (nat + 0.5) / 2);
  return sum;
}

export function qualityParts(c: Columns, slot: number, now: number, model: ScoringModel): QualityParts {
  return {
    success: successPart(c, slot, now, model),
    rtt: rttPart(c.rttMs[slot]!, model),
    freshness: freshnessPart(c.lastSeenAt[slot]!, now, model),
    capabilities: capabilitiesPart(c, slot, now, model),
  };
}

/** The weighted mean; `weights` sum to 1. */
export function quality(c: Columns, slot: number, now: number, model: ScoringModel, weights: QualityWeights): number {
  return (
    weights.success * successPart(c, slot, now, model) +
    weights.rtt * rttPart(c.rttMs[slot]!, model) +
    weights.freshness * freshnessPart(c.lastSeenAt[slot]!, now, model) +
    weights.capabilities * capabilitiesPart(c, slot, now, model)
  );
}
