/** One cached tree as the index knows it. Times are Unix milliseconds. */
export interface CacheEntry {
  /** Opaque: never a path. */
  key: string;
  description: string;
  /** Apparent size of all regular files. */
  sizeBytes: number;
  cachedAtMs: number;
  lastAccessedMs: number;
}

export interface CacheStats {
  entryCount: number;
  totalBytes: number;
}
