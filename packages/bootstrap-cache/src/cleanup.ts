import { type CacheState, isPromising, isProven, refreshScores, removePeer } from './cache-state.ts';

/**
 * Drops stale peers that were never reached, or not at their last three dials, worst first; never
 * seeds or proven peers, and never below `minKeep` peers. Returns how many went.
 *
 * Stale means not heard of for `staleAfterMs` of the time in which the cache heard of anybody: weeks
 * offline, or a clock that jumps ahead, make nobody stale.
 */
export function cleanUp(state: CacheState, now: number): number {
  const { table, settings } = state;
  refreshScores(state, now);
  const activeUntil = Math.min(now, newestSeen(state, now));
  const doomed: string[] = [];
  const order = Array.from({ length: table.size }, (_, slot) => slot).sort((a, b) => table.columns.score[a]! - table.columns.score[b]!);
  for (const slot of order) {
    if (table.size - doomed.length <= settings.minKeep) break;
    const c = table.columns;
    if (c.isSeed[slot] === 0 && !isPromising(state, slot) && activeUntil - c.lastSeenAt[slot]! > settings.staleAfterMs && !isProven(state, slot, now)) {
      doomed.push(table.ids[slot]!);
    }
  }
  for (const id of doomed) removePeer(state, table.slotOf(id)!);
  if (doomed.length > 0) state.isDirty = true;
  return doomed.length;
}

/** The last time the cache heard of anybody; times ahead of the clock do not count. */
function newestSeen(state: CacheState, now: number): number {
  const { lastSeenAt } = state.table.columns;
  let newest = 0;
  for (let slot = 0; slot < state.table.size; slot++) {
    const at = lastSeenAt[slot]!;
    if (at > newest && at <= now) newest = at;
  }
  return newest;
}
