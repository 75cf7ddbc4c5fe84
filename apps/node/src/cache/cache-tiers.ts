import type { CacheBackend, CacheEntry } from '@p2p/cache-backend';

/** One of the caches of a machine: its own, or the shared one behind it. */
export interface CacheTier {
  readonly name: 'local' | 'redis' | 's3';
  readonly backend: CacheBackend;
}

/** A tree, and the tiers that have it. */
export interface TieredEntry {
  /** As the tier knows it in which it was used last. */
  readonly entry: CacheEntry;
  readonly tiers: readonly CacheTier['name'][];
}

/** What the tiers have, most recently used first. */
export async function entriesOf(tiers: readonly CacheTier[]): Promise<TieredEntry[]> {
  const byKey = new Map<string, TieredEntry>();
  for (const { name, backend } of tiers) {
    for await (const entry of backend.list()) {
      const before = byKey.get(entry.key);
      const newest = before === undefined || entry.lastAccessedMs > before.entry.lastAccessedMs ? entry : before.entry;
      byKey.set(entry.key, { entry: newest, tiers: [...(before?.tiers ?? []), name] });
    }
  }
  return [...byKey.values()].sort((a, b) => b.entry.lastAccessedMs - a.entry.lastAccessedMs);
}
