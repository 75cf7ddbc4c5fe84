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

/** Peers that pass a query's filters, in slot order. */
export interface Admitted {
  /** Those that may be dialled now. */
  readonly ready: Int32Array;
  /** Those whose back-off is not over. */
  readonly resting: Int32Array;
}

/** What can be explored among the ready. */
export interface Explorable {
  /** Those that were never dialled. */
  readonly untested: Int32Array;
  /** Those whose last dial failed. */
  readonly retriable: Int32Array;
}

/** The peers of one selection. Slots are valid until the next change. */
export interface Candidates {
  /** Whether a peer passes the query's filters and may be dialled now. */
  isReady(slot: number): boolean;
  /** All that pass the filters: one pass over the table, as is the next. */
  admitted(): Admitted;
  explorable(): Explorable;
  /** Room for a key per slot, for whoever ranks them. */
  readonly keys: Float64Array;
}

export function findCandidates(state: CacheState, options: SelectOptions, now: number): Candidates {
  const { size, columns } = state.table;
  const { retryAt, record } = columns;
  const { backoffMaxMs } = state.settings.model;
  const admits = filterOf(state, options, now);
  const scratch = scratchFor(state, size);
  return {
    keys: scratch.keys.subarray(0, size),
    isReady: (slot) => (record[slot] !== RECORD.failedLast || !isBackingOff(retryAt[slot]!, now, backoffMaxMs)) && (admits === undefined || admits(slot)),
    admitted: () => findAdmitted(state, scratch, admits, now),
    explorable: () => findExplorable(state, scratch, admits, now),
  };
}

type Filter = (slot: number) => boolean;

/** What a query's options let through; undefined when that is everybody. */
function filterOf(state: CacheState, options: SelectOptions, now: number): Filter | undefined {
  const { columns } = state.table;
  const { observationTtlMs } = state.settings.model;
  const excluded = excludedSlots(state, options.exclude);
  const required = packCapabilities(options.require);
  const requiredCount = countKnown(required);
  const families = familyMask(options.family);
  if (excluded === undefined && requiredCount === 0 && families === 0) return undefined;
  return (slot) => {
    if (families !== 0 && (columns.families[slot]! & families) === 0) return false;
    if (excluded?.has(slot) === true) return false;
    return requiredCount === 0 || countMatches(effectiveCapabilities(columns, slot, now, observationTtlMs), required) === requiredCount;
  };
}

function findAdmitted(state: CacheState, { ready, resting }: Scratch, admits: Filter | undefined, now: number): Admitted {
  const { columns, size } = state.table;
  const { retryAt, record } = columns;
  const { backoffMaxMs } = state.settings.model;
  let readyCount = 0;
  let restingCount = 0;
  for (let slot = 0; slot < size; slot++) {
    if (admits !== undefined && !admits(slot)) continue;
    if (record[slot] === RECORD.failedLast && isBackingOff(retryAt[slot]!, now, backoffMaxMs)) resting[restingCount++] = slot;
    else ready[readyCount++] = slot;
  }
  return { ready: ready.subarray(0, readyCount), resting: resting.subarray(0, restingCount) };
}

function findExplorable(state: CacheState, { untested, retriable }: Scratch, admits: Filter | undefined, now: number): Explorable {
  const { columns, size } = state.table;
  const { retryAt, record } = columns;
  const { backoffMaxMs } = state.settings.model;
  let untestedCount = 0;
  let failedCount = 0;
  // Each slot is written to both lists and counted in at most one: branches that nobody can foretell would double the time.
  for (let slot = 0; slot < size; slot++) {
    const kind = record[slot]!;
    untested[untestedCount] = slot;
    untestedCount += ((kind ^ RECORD.untested) - 1) >>> 31;
    retriable[failedCount] = slot;
    failedCount += ((kind ^ RECORD.failedLast) - 1) >>> 31;
  }
  let retriableCount = 0;
  for (let at = 0; at < failedCount; at++) {
    const slot = retriable[at]!;
    if (!isBackingOff(retryAt[slot]!, now, backoffMaxMs) && (admits === undefined || admits(slot))) retriable[retriableCount++] = slot;
  }
  const listed = untested.subarray(0, untestedCount);
  return { untested: admits === undefined ? listed : listed.filter(admits), retriable: retriable.subarray(0, retriableCount) };
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
