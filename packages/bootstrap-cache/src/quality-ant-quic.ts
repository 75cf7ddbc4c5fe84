import type { Columns } from './columns.ts';
import { effectiveCapabilities } from './observations.ts';
import { COORDINATION_YES, DUAL_STACK_YES, RELAY_YES } from './packed-capabilities.ts';
import type { QualityParts, QualityWeights } from './types.ts';

const DAY_MS = 86_400_000;

/**
 * The components of ant-quic 0.27's score: lifetime success ratio (0.5 without attempts), 1 minus
 * the round trip in seconds (0.5 when unknown), exp(-0.693 days since last seen), and 0.25 + 0.25 +
 * 0.2 for relay, coordination and dual-stack, so that the best quality is 0.94.
 */
export function antQuicParts(c: Columns, slot: number, now: number, observationTtlMs: number): QualityParts {
  const attempts = c.successes[slot]! + c.failures[slot]!;
  const rttMs = c.rttMs[slot]!;
  const held = effectiveCapabilities(c, slot, now, observationTtlMs);
  return {
    success: attempts === 0 ? 0.5 : c.successes[slot]! / attempts,
    // Whole milliseconds as there, where 0 stands for unknown.
    rtt: Number.isNaN(rttMs) || Math.floor(rttMs) === 0 ? 0.5 : 1 - Math.min(Math.floor(rttMs) / 1000, 1),
    // Its constant, not ln 2.
    // oxlint-disable-next-line oxc/approx-constant
    freshness: Math.exp((-Math.max(0, now - c.lastSeenAt[slot]!) * 0.693) / DAY_MS),
    capabilities:
      ((held & 3) === RELAY_YES ? 0.25 : 0) + ((held & 12) === COORDINATION_YES ? 0.25 : 0) + ((held & 48) === DUAL_STACK_YES ? 0.2 : 0),
  };
}

export function antQuicQuality(c: Columns, slot: number, now: number, observationTtlMs: number, weights: QualityWeights): number {
  const parts = antQuicParts(c, slot, now, observationTtlMs);
  const sum =
    weights.success * parts.success + weights.rtt * parts.rtt + weights.freshness * parts.freshness + weights.capabilities * parts.capabilities;
  return Math.min(1, Math.max(0, sum));
}
