import type { NetworkRandom } from './network-types.ts';

/** One-way delay of one packet in ms. */
export type LatencyDistribution = (random: NetworkRandom) => number;

/** How a link treats what crosses it, one direction. */
export interface LinkConditions {
  /** One-way delay. */
  latencyMs: LatencyDistribution;
  /** Probability in [0, 1] that a datagram vanishes. On streams it costs a retransmission instead. */
  loss: number;
  /** Probability that a datagram arrives twice, each copy with its own delay. */
  duplication: number;
  /** Probability that a datagram is held back by `reorderDelayMs` more, so that later ones overtake it. */
  reordering: number;
  reorderDelayMs: number;
}

/** A delay drawn evenly from [`minMs`, `maxMs`]. */
export function uniformLatency(minMs: number, maxMs: number = minMs): LatencyDistribution {
  if (!(minMs >= 0) || !(maxMs >= minMs)) throw new TypeError('a latency needs 0 <= minMs <= maxMs');
  return (random) => minMs + (maxMs - minMs) * random.float();
}

/** 1 ms each way, nothing goes wrong. */
export const PERFECT_LINK: Readonly<LinkConditions> = Object.freeze({
  latencyMs: uniformLatency(1),
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderDelayMs: 50,
});
