import assert from 'node:assert/strict';
import type { CacheBackend, CacheEntry } from '../types.ts';
import { writeValueTree } from './trees.ts';
import type { Bench } from './suite.ts';

/** Names and runs one test. */
export type Case = (name: string, fn: (bench: Bench) => Promise<void>) => void;

/** Puts a small tree that says `value` and gives its lease back. */
export async function putValue(bench: Bench, key: string, value: string, cache: CacheBackend = bench.cache): Promise<void> {
  const hit = await cache.put(key, writeValueTree(bench.path('source'), value), `says ${value}`);
  await hit.release();
}

/** All entries, by key. */
export async function entries(cache: CacheBackend): Promise<Map<string, CacheEntry>> {
  const found = new Map<string, CacheEntry>();
  for await (const entry of cache.list()) {
    assert.ok(!found.has(entry.key), `list gave ${entry.key} twice`);
    found.set(entry.key, entry);
  }
  return found;
}

/** Whether a key has an entry, looked up without keeping a lease. */
export async function has(cache: CacheBackend, key: string): Promise<boolean> {
  const hit = await cache.get(key);
  await hit?.release();
  return hit !== undefined;
}

/** Fails unless the promise rejects with this code. */
export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.equal((error as { code?: unknown }).code, code, `expected ${code}, got: ${String(error)}`);
    return true;
  });
}
