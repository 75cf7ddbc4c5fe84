import type { CacheBackend, CacheEntry } from '../src/types.ts';

/** All entries of a cache. */
export async function entriesOf(cache: CacheBackend): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for await (const entry of cache.list()) entries.push(entry);
  return entries;
}
