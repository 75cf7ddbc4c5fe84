import { drawBeta } from './beta-draw.ts';
import { type CacheState, RECORD } from './cache-state.ts';
import { crowdingCost } from './eviction-queue.ts';
import { evidenceDecay, runFactor } from './evidence.ts';
import { effectiveCapabilities } from './observations.ts';
import { COORDINATION_YES, countMatches, packCapabilities, RELAY_YES } from './packed-capabilities.ts';
import { antQuicParts } from './quality-ant-quic.ts';
import { successPart } from './quality.ts';
import type { Candidates, SelectOptions } from './selection-query.ts';
import { ranked, shuffled, type SlotStream, tournament } from './slot-streams.ts';

/** When both kinds are there, this share of explorations goes to peers that were never tried, the rest to ones that failed. */
export const UNTESTED_SHARE = 0.8;
/** An exploration looks at this many peers of its kind, drawn at random, and takes the one that promises most: it costs a dial, so it should be worth it. */
const EXPLORATION_SAMPLE = 256;

/** The order in which peers that may be dialled are offered. */
export function orderReady(state: CacheState, candidates: Candidates, options: SelectOptions, count: number, now: number): SlotStream {
  switch (options.strategy ?? state.settings.strategy) {
    case 'best-first':
      return best(state, candidates, options, count, now, scoresOf(state));
    case 'random':
      return shuffled(candidates.admitted().ready, state.settings.random);
    case 'thompson':
      return best(state, candidates, options, count, now, drawnScores(state, candidates, now));
    case 'epsilon-greedy':
      return epsilonGreedy(state, candidates, options, count, now);
  }
}

function scoresOf(state: CacheState): Float64Array {
  return state.table.columns.score.subarray(0, state.table.size);
}

/** By key. Those of untested peers are lowered by their network's crowd: else a flood fills whatever proven peers leave over. */
function best(state: CacheState, candidates: Candidates, options: SelectOptions, count: number, now: number, keys: Float64Array): SlotStream {
  const { record } = state.table.columns;
  return ranked(preferring(state, candidates, options, now, keys), count, (slot, key) => {
    if (!candidates.isReady(slot)) return undefined;
    return record[slot] === RECORD.untested ? key - crowdingCost(state, slot) : key;
  });
}

/**
 * Each slot is a draw of its own: with probability epsilon it explores, else it takes the best that
 * is left. So explorations lie anywhere in the result, and a caller who stops early explores too.
 */
function epsilonGreedy(state: CacheState, candidates: Candidates, options: SelectOptions, count: number, now: number): SlotStream {
  const { random, epsilon } = state.settings;
  const { score } = state.table.columns;
  const bestLeft = best(state, candidates, options, count, now, scoresOf(state));
  const explorable = candidates.explorable();
  const untested = tournament(explorable.untested, random, EXPLORATION_SAMPLE, discoveryValue(state, now));
  const retriable = tournament(explorable.retriable, random, EXPLORATION_SAMPLE, (slot) => score[slot]!);
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
    return unused(bestLeft);
  };
}

/** How long a peer is taken to have lived when it was heard of for the first time. */
const FIRST_HEARING_MS = 6 * 3_600_000;
/** A peer known by hearsay for this long is half as promising as one that has been there for ever. */
const LASTING_MS = 24 * 3_600_000;
/** Odds of passing a translator, by NAT code. Nobody has a reason to make up a bad one. */
const NAT_ODDS = [0.5, 1, 0.95, 0.6, 0.4, 0.08, 0.5];

/**
 * How much an untested peer promises: heard of lately and for long, easy to reach and helpful by its
 * own account, and not from a network that names many.
 *
 * Session and life times in such networks have heavy tails (Stutzbach and Rejaie, "Understanding Churn
 * in Peer-to-Peer Networks", IMC 2006): who has been there for a span `age` is likely to stay for about
 * as long again, so after a silence of `gap` the odds are age / (age + gap).
 */
function discoveryValue(state: CacheState, now: number): (slot: number) => number {
  const { firstSeenAt, lastSeenAt, claimed: claims, network } = state.table.columns;
  const { ledger } = state;
  return (slot) => {
    const claimed = claims[slot]!;
    const helps = (claimed & 3) === RELAY_YES || (claimed & 12) === COORDINATION_YES ? 3 : 1;
    const age = FIRST_HEARING_MS + Math.max(0, lastSeenAt[slot]! - firstSeenAt[slot]!);
    const gap = Math.max(0, now - lastSeenAt[slot]!);
    const stays = (age / (age + gap)) * (age / (age + LASTING_MS));
    return (stays * helps * NAT_ODDS[claimed >> 6]!) / Math.max(1, ledger.countOf(network[slot]!));
  };
}

/** Scores with the success part replaced by a draw from that peer's posterior, one draw per selection. */
function drawnScores(state: CacheState, candidates: Candidates, now: number): Float64Array {
  const { settings } = state;
  const { model, weights, random } = settings;
  const c = state.table.columns;
  const { keys } = candidates;
  for (const slot of candidates.admitted().ready) {
    const decay = evidenceDecay(c.evidenceAt[slot]!, now, model);
    const drawnMean = drawBeta(random, c.goodEvidence[slot]! * decay + model.priorSuccesses, c.badEvidence[slot]! * decay + model.priorFailures);
    const draw = drawnMean * runFactor(c.consecutive[slot]!);
    const mean = settings.scoring === 'ant-quic' ? antQuicParts(c, slot, now, model.observationTtlMs).success : successPart(c, slot, now, model);
    keys[slot] = c.score[slot]! + weights.success * (draw - mean);
  }
  return keys;
}

/** Adds 2 for each preferred capability: qualities stay below 2, so a match outweighs any of them. */
function preferring(state: CacheState, candidates: Candidates, options: SelectOptions, now: number, keys: Float64Array): Float64Array {
  const preferred = packCapabilities(options.prefer);
  if (preferred === 0) return keys;
  const { columns } = state.table;
  const { observationTtlMs } = state.settings.model;
  const raised = candidates.keys;
  for (let slot = 0; slot < raised.length; slot++) {
    raised[slot] = keys[slot]! + 2 * countMatches(effectiveCapabilities(columns, slot, now, observationTtlMs), preferred);
  }
  return raised;
}
