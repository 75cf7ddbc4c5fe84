import type { CacheBackend, CacheHit, GetOptions } from './types.ts';

/**
 * Calls `fn` with the entry of a key, leased for as long as `fn` runs, or with undefined on a miss: the way to use a hit.
 * @returns What `fn` returns.
 */
export async function withEntry<T>(backend: CacheBackend, key: string, fn: (hit: CacheHit | undefined) => T | Promise<T>, options?: GetOptions): Promise<T> {
  const hit = await backend.get(key, options);
  try {
    return await fn(hit);
  } finally {
    await hit?.release();
  }
}
