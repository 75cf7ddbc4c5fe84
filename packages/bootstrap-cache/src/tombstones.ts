import { timeOf } from './peer-codec.ts';
import { isValidId } from './peer-addresses.ts';

/** The newest removals that are remembered, and for how long. */
export const MAX_TOMBSTONES = 4096;
export const TOMBSTONE_TTL_MS: number = 30 * 86_400_000;

/** Removals as `[id, age]`, newest first. */
export function encodeTombstones(tombstones: ReadonlyMap<string, number>, savedAt: number): [string, number][] {
  return [...tombstones].sort((a, b) => b[1] - a[1]).slice(0, MAX_TOMBSTONES).map(([id, at]) => [id, savedAt - at]);
}

/** Removals of a file; entries that make no sense are left out. Times in the future count as `now`. */
export function decodeTombstones(value: unknown, savedAt: number, now: number): Map<string, number> {
  const found = new Map<string, number>();
  if (!Array.isArray(value)) return found;
  for (const item of value as unknown[]) {
    if (!Array.isArray(item) || !isValidId(item[0])) continue;
    const at = timeOf(item[1], savedAt);
    if (at > 0) found.set(item[0], Math.min(at, now));
  }
  return found;
}

/** Forgets removals that are too old or too many. */
export function trimTombstones(tombstones: Map<string, number>, now: number): void {
  for (const [id, at] of tombstones) if (now - at > TOMBSTONE_TTL_MS) tombstones.delete(id);
  if (tombstones.size <= MAX_TOMBSTONES) return;
  const oldest = [...tombstones].sort((a, b) => a[1] - b[1]).slice(0, tombstones.size - MAX_TOMBSTONES);
  for (const [id] of oldest) tombstones.delete(id);
}
