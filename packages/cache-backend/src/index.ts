export { LocalCacheBackend } from './io/local-cache-backend.ts';
export { TieredCacheBackend, type TieredOptions } from './backends/tiered/tiered-cache-backend.ts';
export type { LocalCacheOptions } from './options.ts';
export { withEntry } from './with-entry.ts';
export { getOrCreate } from './io/get-or-create.ts';
export { materialize, type MaterializeOptions } from './io/materialize.ts';
export { statsFromList } from './stats-from-list.ts';
export { CacheError, type CacheErrorCode } from './errors.ts';
export type { CacheEvent, CacheEvents } from './events.ts';
export { cacheEntrySchema, cacheStatsSchema, type SeedCacheEntry } from './schemas.ts';
export type {
  BuildLock,
  CacheBackend,
  CacheCapabilities,
  CacheEntry,
  CacheHit,
  CacheStats,
  EvictionReason,
  GetOptions,
  PruneOptions,
  PruneReport,
  PutOptions,
  RepairReport,
  SkipReason,
  VerifyMode,
  VerifyReport,
} from './types.ts';
