import { type CacheState, FAMILY_BITS, RECORD } from './cache-state.ts';
import { isBackingOff } from './evidence.ts';
import { effectiveCapabilities } from './observations.ts';
import { countKnown, countMatches, packCapabilities } from './packed-capabilities.ts';
import type { PeerCapabilities, SelectionStrategy } from './types.ts';

/** How `selectPeers` narrows and orders its choice. */
export interface SelectOptions {
  /** Default: the cache's own, `epsilon-greedy`. */
  strategy?: SelectionStrategy | undefined;
  /** Peers that lack any of these are left out; what was observed counts before what was claimed. */
  require?: Partial<PeerCapabilities> | undefined;
  /** Peers with more of these come before peers with fewer, whatever their quality. */
  prefer?: Partial<PeerCapabilities> | undefined;
  /** Only peers with an address of this family; it is then their first. */
  family?: 4 | 6 | undefined;
  /** Ids that are not wanted, such as those already connected. */
  exclude?: Iterable<string> | undefined;
}

/** Peers a query admits, in classes. Slots are valid until the next change. */
export interface Candidates {
  /** Those that may be dialled now. */
  readonly ready: Int32Array;
  /** Those whose back-off is not over. */
  readonly resting: Int32Array;
  /** The ones among `ready` that were never dialled. */
  readonly untested: Int32Array;
  /** The ones among `ready` whose last dial failed. */
  readonly retriable: Int32Array;
  /** Room for a key per slot, for whoever ranks them. */
  readonly keys: Float64Array;
}

/** Sorts all peers into the classes of a query, in slot order. */
export function findCandidates(state: CacheState, options: SelectOptions, now: number): Candidates {
  const { table, settings } = state;
  const { columns, size } = table;
  const { retryAt, record } = columns;
  const { backoffMaxMs, observationTtlMs } = settings.model;
  const excluded = excludedSlots(state, options.exclude);
  const required = packCapabilities(options.require);
  const requiredCount = countKnown(required);
  const families = familyMask(options.family);
  const isFiltered = excluded !== undefined || requiredCount > 0 || families !== 0;
  const scratch = scratchFor(state, size);
  let ready = 0;
  let resting = 0;
  let untested = 0;
  let retriable = 0;
  for (let slot = 0; slot < size; slot++) {
    if (isFiltered) {
      if (families !== 0 && (columns.families[slot]! & families) === 0) continue;
      if (excluded?.has(slot) === true) continue;
      if (requiredCount > 0 && countMatches(effectiveCapabilities(columns, slot, now, observationTtlMs), required) < requiredCount) continue;
    }
    const kind = record[slot]!;
    if (kind === RECORD.failedLast) {
      if (isBackingOff(retryAt[slot]!, now, backoffMaxMs)) {
        scratch.resting[resting++] = slot;
        continue;
      }
      scratch.retriable[retriable++] = slot;
    } else if (kind === RECORD.untested) scratch.untested[untested++] = slot;
    scratch.ready[ready++] = slot;
  }
  return {
    ready: scratch.ready.subarray(0, ready),
    resting: scratch.resting.subarray(0, resting),
    untested: scratch.untested.subarray(0, untested),
    retriable: scratch.retriable.subarray(0, retriable),
    keys: scratch.keys.subarray(0, size),
  };
}

export function familyMask(family: 4 | 6 | undefined): number {
  if (family === undefined) return 0;
  return family === 4 ? FAMILY_BITS.global4 | FAMILY_BITS.near4 : FAMILY_BITS.global6 | FAMILY_BITS.near6;
}

function excludedSlots(state: CacheState, exclude: Iterable<string> | undefined): Set<number> | undefined {
  if (exclude === undefined) return undefined;
  const slots = new Set<number>();
  for (const id of exclude) {
    const slot = state.table.slotOf(id);
    if (slot !== undefined) slots.add(slot);
  }
  return slots;
}

type Scratch = Record<'ready' | 'resting' | 'untested' | 'retriable', Int32Array> & { keys: Float64Array };

// Selections are synchronous, so one set of arrays per cache serves them all.
const scratches = new WeakMap<CacheState, Scratch>();

function scratchFor(state: CacheState, size: number): Scratch {
  const kept = scratches.get(state);
  if (kept !== undefined && kept.ready.length >= size) return kept;
  const length = Math.max(256, 2 ** Math.ceil(Math.log2(size + 1)));
  const slots = (): Int32Array => new Int32Array(length);
  const made = { ready: slots(), resting: slots(), untested: slots(), retriable: slots(), keys: new Float64Array(length) };
  scratches.set(state, made);
  return made;
}
