import { type CacheState, isProven, isUntested, refreshScores } from './cache-state.ts';
import { isBackingOff } from './evidence.ts';
import { effectiveCapabilities } from './observations.ts';
import { COORDINATION_YES, DUAL_STACK_YES, RELAY_YES } from './packed-capabilities.ts';
import type { CacheStats } from './types.ts';

export function cacheStats(state: CacheState, now: number, isDegraded: boolean): CacheStats {
  refreshScores(state, now);
  const { columns: c, size } = state.table;
  const { model } = state.settings;
  const counts = { seeds: 0, proven: 0, untested: 0, backingOff: 0, relays: 0, coordinators: 0, dualStackRelays: 0 };
  let quality = 0;
  for (let slot = 0; slot < size; slot++) {
    quality += c.score[slot]!;
    counts.seeds += c.isSeed[slot]!;
    if (isProven(state, slot, now)) counts.proven += 1;
    if (isUntested(state, slot)) counts.untested += 1;
    if (isBackingOff(c.retryAt[slot]!, now, model.backoffMaxMs)) counts.backingOff += 1;
    const held = effectiveCapabilities(c, slot, now, model.observationTtlMs);
    const isRelay = (held & 3) === RELAY_YES;
    if (isRelay) counts.relays += 1;
    if ((held & 12) === COORDINATION_YES) counts.coordinators += 1;
    if (isRelay && (held & 48) === DUAL_STACK_YES) counts.dualStackRelays += 1;
  }
  return {
    peers: size,
    ...counts,
    networks: state.ledger.size,
    averageQuality: size === 0 ? 0 : quality / size,
    dirty: state.isDirty,
    degraded: isDegraded,
  };
}
