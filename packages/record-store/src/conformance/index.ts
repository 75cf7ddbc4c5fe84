import { CaseContext, type Case } from './context.ts';
import type { ConformanceHarness } from './harness.ts';
import { PROVIDER_CASES } from './provider-cases.ts';
import { VALUE_CASES } from './value-cases.ts';

export { ConformanceFailure } from './assertions.ts';
export type { ConformanceFeature, ConformanceHarness, CrashHarness } from './harness.ts';

const CASES: readonly Case[] = [...VALUE_CASES, ...PROVIDER_CASES];

/**
 * Registers the suite with a test runner: everything that the interface promises, for anyone's store.
 *
 * ```ts
 * recordStoreConformance({ test, open: async (options) => new MemoryRecordStore(options), capabilities: { durable: 'no', atomic: true, shared: false } });
 * ```
 *
 * A case fails by rejecting with a `ConformanceFailure`, or with what the store threw.
 */
export function recordStoreConformance(harness: ConformanceHarness): void {
  const without = new Set(harness.without);
  for (const { name, needs, run } of CASES) {
    if (needs.some((feature) => without.has(feature))) continue;
    harness.test(name, async () => {
      const context = new CaseContext(harness, harness.seed ?? 1);
      try {
        await run(context);
      } finally {
        await context.closeAll();
      }
    });
  }
}
