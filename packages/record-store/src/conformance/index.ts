import { BYTES_CASES } from './bytes-cases.ts';
import { CAP_CASES } from './cap-cases.ts';
import { CaseContext, type Case } from './context.ts';
import { crashCases } from '../io/crash-cases.ts';
import { DAMAGE_CASES, REOPENED_DAMAGE_CASES } from './damage-cases.ts';
import { EVENT_CASES } from './event-cases.ts';
import { EXPIRY_CASES } from './expiry-cases.ts';
import type { ConformanceHarness } from './harness.ts';
import { RENAMED_CASES, REOPEN_CASES, SHARED_CASES } from './keeping-cases.ts';
import { LOCAL_CASES } from './local-cases.ts';
import { MODEL_CASES } from './model-cases.ts';
import { PROVIDER_CASES } from './provider-cases.ts';
import { REUSED_BYTES_CASES } from './reused-bytes-cases.ts';
import { SCAN_CASES } from './scan-cases.ts';
import { SCHEDULE_CASES } from './schedule-cases.ts';
import { SELECTION_CASES } from './selection-cases.ts';
import { SWEEP_CASES } from './sweep-cases.ts';
import { VALUE_CASES } from './value-cases.ts';

export { ConformanceFailure } from './assertions.ts';
export type { ConformanceFeature, ConformanceHarness, CrashHarness } from './harness.ts';

const ALWAYS: readonly Case[] = [
  ...VALUE_CASES,
  ...PROVIDER_CASES,
  ...EXPIRY_CASES,
  ...CAP_CASES,
  ...LOCAL_CASES,
  ...SELECTION_CASES,
  ...SCAN_CASES,
  ...BYTES_CASES,
  ...REUSED_BYTES_CASES,
  ...SWEEP_CASES,
  ...SCHEDULE_CASES,
  ...EVENT_CASES,
  ...MODEL_CASES,
];

/**
 * Registers the suite with a test runner: everything that the interface promises, for anyone's store.
 *
 * ```ts
 * recordStoreConformance({
 *   test,
 *   open: async (options) => new MemoryRecordStore(options),
 *   capabilities: { durable: 'no', atomic: true, shared: false },
 * });
 * ```
 *
 * A case fails by rejecting: with a `ConformanceFailure`, or with what the store threw. Cases for reopening,
 * sharing, damage and crashes are registered where the harness has `reopen`, `openSecond`, `damage` and `crash`.
 * @throws TypeError when the capabilities promise what the harness gives no way to test.
 */
export function recordStoreConformance(harness: ConformanceHarness): void {
  const { capabilities, reopen, openSecond, damage, crash } = harness;
  if (capabilities.durable !== 'no' && reopen === undefined) throw new TypeError('a durable store is tested by reopening it: give the harness `reopen`');
  if (capabilities.shared && openSecond === undefined) throw new TypeError('a shared store is tested by opening it twice: give the harness `openSecond`');
  const cases = [
    ...ALWAYS,
    ...(reopen === undefined ? [] : REOPEN_CASES),
    ...(damage === undefined ? [] : DAMAGE_CASES),
    ...(damage === undefined || reopen === undefined ? [] : REOPENED_DAMAGE_CASES),
    ...(reopen === undefined || capabilities.shared ? [] : RENAMED_CASES),
    ...(openSecond === undefined ? [] : SHARED_CASES),
    ...(crash === undefined ? [] : crashCases(crash)),
  ];
  const without = new Set(harness.without);
  for (const { name, needs, run } of cases) {
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
