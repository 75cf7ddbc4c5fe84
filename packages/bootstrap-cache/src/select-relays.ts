import { type CacheState, FAMILY_BITS, isGloballyReachable, observedNow, refreshScores } from './cache-state.ts';
import { isBackingOff } from './evidence.ts';
import { COORDINATION_YES, DUAL_STACK_YES, overlay, RELAY_YES } from './packed-capabilities.ts';
import { pickDiverse } from './select-peers.ts';
import { ranked } from './slot-streams.ts';
import type { AddressClass } from './types.ts';

/** How `selectRelays` narrows and orders its choice. */
export interface SelectRelaysOptions {
  /** An address that the relay shall reach: only relays with an address of its family and scope are offered, that address first. */
  target?: string | undefined;
  /** Dual-stack relays come before others of the same evidence. */
  preferDualStack?: boolean | undefined;
}

/** Relays: observed before claimed, then proven reachable, then dual-stack if preferred, then by quality. */
export function selectRelaySlots(state: CacheState, count: number, target: AddressClass | undefined, preferDualStack: boolean, now: number): number[] {
  const mask = target === undefined ? 0 : targetMask(target);
  return selectAble(state, count, 3, RELAY_YES, mask, preferDualStack ? 1 : 0, now);
}

/** Coordinators: observed before claimed, then proven reachable, then by quality. */
export function selectCoordinatorSlots(state: CacheState, count: number, now: number): number[] {
  return selectAble(state, count, 12, COORDINATION_YES, 0, 0, now);
}

/** A relay for a target on the internet needs a global address of its family; near targets can be reached from near relays too. */
function targetMask(target: AddressClass): number {
  const { global4, global6, near4, near6 } = FAMILY_BITS;
  if (target.scope === 'global') return (target.family === 6 ? 0 : global4) | (target.family === 4 ? 0 : global6);
  return (target.family === 6 ? 0 : near4 | global4) | (target.family === 4 ? 0 : near6 | global6);
}

function selectAble(state: CacheState, count: number, mask: number, yes: number, families: number, dualStackBonus: number, now: number): number[] {
  refreshScores(state, now);
  const { columns, size } = state.table;
  const { model } = state.settings;
  const keys = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  for (let slot = 0; slot < size; slot++) {
    // The cheap refusals first: most peers are no relays.
    if ((columns.observed[slot]! & mask) !== yes && (columns.claimed[slot]! & mask) !== yes) continue;
    if (families !== 0 && (columns.families[slot]! & families) === 0) continue;
    const observed = observedNow(state, slot, now);
    const held = overlay(columns.claimed[slot]!, observed);
    if ((held & mask) !== yes) continue;
    let key = columns.score[slot]!;
    if ((observed & mask) === yes) key += 8;
    if (isGloballyReachable(state, slot, now)) key += 4;
    if ((held & 48) === DUAL_STACK_YES) key += 2 * dualStackBonus;
    // Peers that back off stay behind all others.
    if (isBackingOff(columns.retryAt[slot]!, now, model.backoffMaxMs)) key -= 32;
    keys[slot] = key;
  }
  const picked: number[] = [];
  const aside = pickDiverse(state, ranked(keys, count, (_, key) => (key === Number.NEGATIVE_INFINITY ? undefined : key)), count, picked);
  return [...picked, ...aside.slice(0, count - picked.length)];
}
