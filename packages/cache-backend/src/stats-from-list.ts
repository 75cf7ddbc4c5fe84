import type { CacheBackend, CacheStats } from './types.ts';

/** Statistics by counting the entries: what an implementer's `stats` may return. */
export async function statsFromList(backend: Pick<CacheBackend, 'list'>): Promise<CacheStats> {
  let entryCount = 0;
  let totalBytes = 0;
  for await (const entry of backend.list()) {
    entryCount++;
    totalBytes += entry.sizeBytes;
  }
  return { entryCount, totalBytes };
}
