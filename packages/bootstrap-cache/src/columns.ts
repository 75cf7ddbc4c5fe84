// One typed array per field keeps 30 000 peers in a few megabytes and a scan within the CPU caches.
const FLOATS = [
  'firstSeenAt',
  'lastSeenAt',
  'lastAttemptAt',
  'lastSuccessAt',
  'retryAt',
  'evidenceAt',
  'goodEvidence',
  'badEvidence',
  'goodDelta',
  'badDelta',
  'rttMs',
  'minRttMs',
  'maxRttMs',
  'rttKeep',
  'rttAdd',
  'relaySeenAt',
  'coordinationSeenAt',
  'dualStackSeenAt',
  'natSeenAt',
  'globalReachAt',
  'score',
] as const;
const WORDS = ['successes', 'failures', 'successDelta', 'failureDelta', 'network', 'visit'] as const;
const HALVES = ['consecutive', 'claimed', 'observed', 'claimedDelta'] as const;
const BYTES = ['source', 'isSeed', 'families', 'dirty', 'record'] as const;

/**
 * The fields of all peers by slot. Times are Unix ms, 0 is never; unknown round trips are NaN.
 * The `…Delta`, `rttKeep` and `rttAdd` fields hold what this process saw since its last save.
 */
export type Columns = Record<(typeof FLOATS)[number], Float64Array> &
  Record<(typeof WORDS)[number], Uint32Array> &
  Record<(typeof HALVES)[number], Uint16Array> &
  Record<(typeof BYTES)[number], Uint8Array>;

/** A literal, because V8 keeps an object that is filled by computed names as a slow dictionary: scans took ten times as long. */
export function createColumns(capacity: number): Columns {
  return {
    firstSeenAt: new Float64Array(capacity),
    lastSeenAt: new Float64Array(capacity),
    lastAttemptAt: new Float64Array(capacity),
    lastSuccessAt: new Float64Array(capacity),
    retryAt: new Float64Array(capacity),
    evidenceAt: new Float64Array(capacity),
    goodEvidence: new Float64Array(capacity),
    badEvidence: new Float64Array(capacity),
    goodDelta: new Float64Array(capacity),
    badDelta: new Float64Array(capacity),
    rttMs: new Float64Array(capacity),
    minRttMs: new Float64Array(capacity),
    maxRttMs: new Float64Array(capacity),
    rttKeep: new Float64Array(capacity),
    rttAdd: new Float64Array(capacity),
    relaySeenAt: new Float64Array(capacity),
    coordinationSeenAt: new Float64Array(capacity),
    dualStackSeenAt: new Float64Array(capacity),
    natSeenAt: new Float64Array(capacity),
    globalReachAt: new Float64Array(capacity),
    score: new Float64Array(capacity),
    successes: new Uint32Array(capacity),
    failures: new Uint32Array(capacity),
    successDelta: new Uint32Array(capacity),
    failureDelta: new Uint32Array(capacity),
    network: new Uint32Array(capacity),
    visit: new Uint32Array(capacity),
    consecutive: new Uint16Array(capacity),
    claimed: new Uint16Array(capacity),
    observed: new Uint16Array(capacity),
    claimedDelta: new Uint16Array(capacity),
    source: new Uint8Array(capacity),
    isSeed: new Uint8Array(capacity),
    families: new Uint8Array(capacity),
    dirty: new Uint8Array(capacity),
    record: new Uint8Array(capacity),
  };
}

const NAMES: readonly (keyof Columns)[] = [...FLOATS, ...WORDS, ...HALVES, ...BYTES];

/** Copies every field; `to` must be at least as long. */
export function copyColumns(from: Columns, to: Columns): void {
  for (const name of NAMES) to[name].set(from[name]);
}

export function copyRow(columns: Columns, from: number, to: number): void {
  for (const name of NAMES) columns[name][to] = columns[name][from]!;
}

/** A peer nobody has tried, with unknown times. Rows that were never used hold zeros already. */
export function clearRow(columns: Columns, slot: number, wasUsed: boolean): void {
  if (wasUsed) for (const name of NAMES) columns[name][slot] = 0;
  columns.rttMs[slot] = columns.minRttMs[slot] = columns.maxRttMs[slot] = Number.NaN;
  columns.rttKeep[slot] = 1;
}
