import type { Clock, Random } from './env.ts';
import type { ScoringModel } from './scoring-model.ts';
import type { AddressClass, QualityWeights, SelectionStrategy } from './types.ts';

/** Which formula scores peers: ours, or the reference's for comparison. */
export type Scoring = 'bayes' | 'ant-quic';

/** What the core works with: options that were checked and filled in. */
export interface Settings {
  readonly maxPeers: number;
  readonly epsilon: number;
  readonly strategy: SelectionStrategy;
  readonly scoring: Scoring;
  /** Sums to 1. */
  readonly weights: QualityWeights;
  readonly model: ScoringModel;
  readonly staleAfterMs: number;
  readonly minKeep: number;
  readonly maxPerNetwork: number;
  readonly picksPerNetwork: number;
  readonly acceptUnclassified: boolean;
  readonly classifyAddress: (address: string) => AddressClass | undefined;
  readonly clock: Clock;
  readonly random: Random;
}
