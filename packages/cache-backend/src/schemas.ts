import * as z from 'zod/mini';
import type { CacheEntry, CacheStats } from './types.ts';

const count = z.int().check(z.minimum(0));
const time = z.int();

/** Schema of a `CacheEntry`. */
export const cacheEntrySchema: z.ZodMiniType<CacheEntry> = z.object({
  key: z.string().check(z.minLength(1)),
  description: z.string(),
  sizeBytes: count,
  cachedAtMs: time,
  lastAccessedMs: time,
  allocatedBytes: z.optional(count),
  sharedBytes: z.optional(count),
  treeDigest: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  tags: z.optional(z.array(z.string())),
  expiresAtMs: z.optional(time),
  pinned: z.optional(z.boolean()),
}) as unknown as z.ZodMiniType<CacheEntry>;

/** Schema of `CacheStats`. */
export const cacheStatsSchema: z.ZodMiniType<CacheStats> = z.object({
  entryCount: count,
  totalBytes: count,
  hits: z.optional(count),
  misses: z.optional(count),
  allocatedBytes: z.optional(count),
  sharedBytes: z.optional(count),
  degraded: z.optional(count),
}) as unknown as z.ZodMiniType<CacheStats>;

/** An entry in the form of the seed: Unix seconds, snake case. */
export interface SeedCacheEntry {
  readonly key: string;
  readonly description: string;
  readonly size_bytes: number;
  readonly cached_at: number;
  readonly last_accessed: number;
}

/** Gives an entry a `toJSON` with the seed's fields and seconds; it does not show up among the entry's properties. */
export function withSeedJson(entry: CacheEntry): CacheEntry & { toJSON(): SeedCacheEntry } {
  return Object.defineProperty({ ...entry }, 'toJSON', {
    enumerable: false,
    value: (): SeedCacheEntry => ({
      key: entry.key,
      description: entry.description,
      size_bytes: entry.sizeBytes,
      cached_at: Math.floor(entry.cachedAtMs / 1000),
      last_accessed: Math.floor(entry.lastAccessedMs / 1000),
    }),
  }) as CacheEntry & { toJSON(): SeedCacheEntry };
}
