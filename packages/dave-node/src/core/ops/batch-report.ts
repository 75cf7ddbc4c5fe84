import type { ReplicaOutcome } from './put-acks.ts';

/** What became of one dat of a batch. */
export interface WriteOutcome {
  /** What our own store did with it. */
  local: ReplicaOutcome;
  replicas: { id: bigint; outcome: ReplicaOutcome }[];
  /** Replicas, ourselves not counted, that said they have it. */
  acks: number;
}

/** What became of the dats of a batch at one replica. */
export interface ReplicaReport {
  id: bigint;
  outcomes: Record<ReplicaOutcome, number>;
  /** Of a node that does not acknowledge: dats that it has read to the end of their connection. */
  delivered: number;
  /** Of such a node: dats that it was asked for afterwards, and how many of them it had. */
  sampled: number;
  sampleFound: number;
}

/** What became of a batch. */
export interface BatchReport {
  /** Dats that were handed in. */
  written: number;
  /** Of them, those that at least one other replica confirmed. */
  acked: number;
  /** Those that no other replica confirmed or was sent. */
  failed: number;
  replicas: ReplicaReport[];
}

/** Counts of every outcome, all 0. */
export function noOutcomes(): Record<ReplicaOutcome, number> {
  return { stored: 0, already: 0, newer: 0, 'no-room': 0, invalid: 0, overloaded: 0, sent: 0, unconfirmed: 0 };
}

/** Whether the replica has the dat, by its own word. */
export function isAck(outcome: ReplicaOutcome): boolean {
  return outcome === 'stored' || outcome === 'already';
}
