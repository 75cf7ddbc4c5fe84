import { contractCases } from './contract-cases.ts';
import { concurrencyCases } from './concurrency-cases.ts';
import { optionCases } from './option-cases.ts';
import { pruneCases } from './prune-cases.ts';
import { type ConformanceOptions, withStores } from './suite.ts';
import { treeCases } from './tree-cases.ts';

export { findUnlinearizable, type KeyOperation } from './linearizability.ts';
export type { CacheStore, ConformanceOptions, TestFunction } from './suite.ts';
export { readValueTree, snapshotTree, type SnapshotOptions, type TreeSnapshot, writeRichTree, writeValueTree } from './trees.ts';

/**
 * The tests that every backend must pass. What goes with a capability is left out, not passed, where it is not declared.
 *
 * ```ts
 * import { test } from 'node:test';
 * import { LocalCacheBackend } from '@p2p/cache-backend';
 * import { cacheBackendConformance } from '@p2p/cache-backend/conformance';
 *
 * cacheBackendConformance({
 *   test,
 *   makeStore: async (scratch) => ({
 *     open: () => LocalCacheBackend.open({ dir: `${scratch}/cache` }),
 *     remove: async () => {},
 *   }),
 * });
 * ```
 */
export function cacheBackendConformance(options: ConformanceOptions): void {
  const test = withStores(options);
  contractCases(test);
  optionCases(test);
  if (options.keepsPosixTrees !== false) treeCases(test);
  pruneCases(test);
  concurrencyCases(test, options.rounds ?? 40);
}
