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
const BYTES = ['source', 'isSeed', 'families', 'dirty'] as const;

/**
 * The fields of all peers by slot. Times are Unix ms, 0 is never; unknown round trips are NaN.
 * The `…Delta`, `rttKeep` and `rttAdd` fields hold what this process saw since its last save.
 */
export type Columns = Record<(typeof FLOATS)[number], Float64Array> &
  Record<(typeof WORDS)[number], Uint32Array> &
  Record<(typeof HALVES)[number], Uint16Array> &
  Record<(typeof BYTES)[number], Uint8Array>;

export function createColumns(capacity: number): Columns {
  const columns: Record<string, Float64Array | Uint32Array | Uint16Array | Uint8Array> = {};
  for (const name of FLOATS) columns[name] = new Float64Array(capacity);
  for (const name of WORDS) columns[name] = new Uint32Array(capacity);
  for (const name of HALVES) columns[name] = new Uint16Array(capacity);
  for (const name of BYTES) columns[name] = new Uint8Array(capacity);
  return columns as Columns;
}

const NAMES = [...FLOATS, ...WORDS, ...HALVES, ...BYTES];

/** Copies every field; `to` must be at least as long. */
export function copyColumns(from: Columns, to: Columns): void {
  for (const name of NAMES) to[name].set(from[name]);
}

export function copyRow(columns: Columns, from: number, to: number): void {
  for (const name of NAMES) columns[name][to] = columns[name][from]!;
}

/** A peer nobody has tried, with unknown times. */
export function clearRow(columns: Columns, slot: number): void {
  for (const name of NAMES) columns[name][slot] = 0;
  columns.rttMs[slot] = columns.minRttMs[slot] = columns.maxRttMs[slot] = Number.NaN;
  columns.rttKeep[slot] = 1;
}
