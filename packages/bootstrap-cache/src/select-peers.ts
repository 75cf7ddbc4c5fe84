import { type CacheState, refreshScores } from './cache-state.ts';
import { findCandidates, type SelectOptions } from './selection-query.ts';
import type { SlotStream } from './slot-streams.ts';
import { orderReady } from './strategies.ts';

/** Slots of up to `count` peers, in the order to try them. */
export function selectSlots(state: CacheState, count: number, options: SelectOptions, now: number): number[] {
  if (count === 0 || state.table.size === 0) return [];
  refreshScores(state, now);
  const candidates = findCandidates(state, options, now);
  const picked: number[] = [];
  const crowded = pickDiverse(state, orderReady(state, candidates, options, count, now), count, picked);
  // Too many of one network are better than none, and peers that back off are the last resort.
  for (let at = 0; picked.length < count && at < crowded.length; at++) picked.push(crowded[at]!);
  if (picked.length < count) {
    const { retryAt } = state.table.columns;
    const resting = candidates.admitted().resting.toSorted((a, b) => retryAt[a]! - retryAt[b]!);
    for (let at = 0; picked.length < count && at < resting.length; at++) picked.push(resting[at]!);
  }
  return picked;
}

/** Moves slots into `picked` until it holds `count`; returns those that were left aside because their network had its share. */
export function pickDiverse(state: CacheState, stream: SlotStream, count: number, picked: number[]): number[] {
  const { network } = state.table.columns;
  const { picksPerNetwork } = state.settings;
  const taken = new Map<number, number>();
  const aside: number[] = [];
  while (picked.length < count) {
    const slot = stream();
    if (slot === undefined) break;
    const number = network[slot]!;
    const before = taken.get(number) ?? 0;
    if (number !== 0 && before >= picksPerNetwork) {
      // More than `count` of them are never needed.
      if (aside.length < count) aside.push(slot);
      continue;
    }
    taken.set(number, before + 1);
    picked.push(slot);
  }
  return aside;
}
