import type { IngestReason } from './ingest.ts';
import type { ReplicaOutcome } from './put-acks.ts';

const OUTCOMES: Readonly<Record<IngestReason, ReplicaOutcome>> = {
  stored: 'stored',
  duplicate: 'already',
  older: 'newer',
  'no-room': 'no-room',
  expired: 'no-room',
  future: 'invalid',
  'too-large': 'invalid',
  'weak-work': 'invalid',
  invalid: 'invalid',
  'signature-reused': 'invalid',
  overloaded: 'overloaded',
  'not-durable': 'overloaded',
};

/** What our own store did with a dat, in the words that other replicas are reported in. */
export function localOutcome(reason: IngestReason): ReplicaOutcome {
  return OUTCOMES[reason];
}
