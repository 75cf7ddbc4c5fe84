import { drawBeta } from './beta-draw.ts';
import type { CacheState } from './cache-state.ts';
import { halfLifeDecay } from './evidence.ts';
import { effectiveCapabilities } from './observations.ts';
import { countMatches, packCapabilities } from './packed-capabilities.ts';
import { antQuicParts } from './quality-ant-quic.ts';
import { successPart } from './quality.ts';
import type { Candidates, SelectOptions } from './selection-query.ts';
import { ranked, shuffled, type SlotStream, tournament } from './slot-streams.ts';

/** When both kinds are there, this share of explorations goes to peers that were never tried, the rest to ones that failed. */
export const UNTESTED_SHARE = 0.8;
/** An exploration looks at this many peers of its kind and takes the one from the least crowded network. */
const EXPLORATION_ROUNDS = 3;

/** The order in which peers that may be dialled are offered. */
export function orderReady(state: CacheState, candidates: Candidates, options: SelectOptions, count: number, now: number): SlotStream {
  const { random } = state.settings;
  switch (options.strategy ?? state.settings.strategy) {
    case 'best-first':
      return ranked(candidates.ready, preferring(state, options, now, byScore(state)), count);
    case 'random':
      return shuffled(candidates.ready, random);
    case 'thompson':
      return ranked(candidates.ready, preferring(state, options, now, drawnScores(state, candidates.ready, now)), count);
    case 'epsilon-greedy':
      return epsilonGreedy(state, candidates, options, count, now);
  }
}

/**
 * Each slot is a draw of its own: with probability epsilon it explores, else it takes the best that
 * is left. So explorations lie anywhere in the result, and a caller who stops early explores too.
 */
function epsilonGreedy(state: CacheState, candidates: Candidates, options: SelectOptions, count: number, now: number): SlotStream {
  const { random, epsilon } = state.settings;
  const best = ranked(candidates.ready, preferring(state, options, now, byScore(state)), count);
  const untested = tournament(candidates.untested, random, EXPLORATION_ROUNDS, isBetterToExplore(state));
  const retriable = tournament(candidates.retriable, random, EXPLORATION_ROUNDS, isBetterToExplore(state));
  const used = new Set<number>();
  const unused = (stream: SlotStream): number | undefined => {
    for (let slot = stream(); slot !== undefined; slot = stream()) {
      if (used.has(slot)) continue;
      used.add(slot);
      return slot;
    }
    return undefined;
  };
  return () => {
    if (random.float() < epsilon) {
      const first = random.float() < UNTESTED_SHARE ? untested : retriable;
      const slot = unused(first) ?? unused(first === untested ? retriable : untested);
      if (slot !== undefined) return slot;
    }
    return unused(best);
  };
}

/** A few crowded networks must not fill the explorations; among equals the peer heard of last is likelier to live. */
function isBetterToExplore(state: CacheState): (a: number, b: number) => boolean {
  const { columns } = state.table;
  const { ledger } = state;
  return (a, b) => {
    const crowdA = ledger.countOf(columns.network[a]!);
    const crowdB = ledger.countOf(columns.network[b]!);
    return crowdA === crowdB ? columns.lastSeenAt[a]! > columns.lastSeenAt[b]! : crowdA < crowdB;
  };
}

function byScore(state: CacheState): (slot: number) => number {
  const { score } = state.table.columns;
  return (slot) => score[slot]!;
}

/** The score with its success part replaced by a draw from that peer's posterior, one draw per selection. */
function drawnScores(state: CacheState, slots: Int32Array, now: number): (slot: number) => number {
  const { settings } = state;
  const { model, weights, random } = settings;
  const c = state.table.columns;
  const drawn = new Float64Array(state.table.size);
  for (const slot of slots) {
    const decay = halfLifeDecay(now - c.evidenceAt[slot]!, model.evidenceHalfLifeMs);
    const draw = drawBeta(random, c.goodEvidence[slot]! * decay + model.priorSuccesses, c.badEvidence[slot]! * decay + model.priorFailures);
    const mean = settings.scoring === 'ant-quic' ? antQuicParts(c, slot, now, model.observationTtlMs).success : successPart(c, slot, now, model);
    drawn[slot] = c.score[slot]! + weights.success * (draw - mean);
  }
  return (slot) => drawn[slot]!;
}

function preferring(state: CacheState, options: SelectOptions, now: number, keyOf: (slot: number) => number): (slot: number) => number {
  const preferred = packCapabilities(options.prefer);
  if (preferred === 0) return keyOf;
  const { columns } = state.table;
  const { observationTtlMs } = state.settings.model;
  // Scores stay below 2, so a match outweighs any of them.
  return (slot) => 2 * countMatches(effectiveCapabilities(columns, slot, now, observationTtlMs), preferred) + keyOf(slot);
}
