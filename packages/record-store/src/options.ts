import type { EventLog } from '@p2p/trace';
import type { Distance } from './core/distance.ts';
import type { FullKeyPolicy, FullKeyPolicyName } from './core/full-key/policies.ts';
import type { Clock, Random } from './env.ts';
import type { Limit, PartialLimits } from './limits.ts';
import type { Validators } from './validators/validator.ts';

/** How often records are due to be sent again. */
export interface RepublishIntervals {
  /** Local value records. Default 22 h. */
  publishMs?: number | undefined;
  /** Value records of others. Default 1 h. */
  replicateMs?: number | undefined;
  /** Local providers. Default 12 h. */
  provideMs?: number | undefined;
}

/** What every engine is told. */
export interface RecordStoreOptions {
  /** This node: 1 to 256 bytes. */
  localId: Uint8Array;
  /** Which records are valid and which of two wins. Must name a default: `acceptAny()` where every writer is trusted. */
  validators: Validators;
  /** Default: XOR of the SHA-256 hashes of both. */
  distance?: Distance | undefined;
  /** How many closest nodes hold a record, and how many providers a look returns. Default 20. */
  replication?: number | undefined;
  limits?: PartialLimits | undefined;
  policies?: { /** Default `diverse`. */ fullKey?: FullKeyPolicyName | FullKeyPolicy | undefined } | undefined;
  /** Nothing lives longer than this from its last put; local records without expiry do. Default 48 h. */
  maxTtlMs?: Limit | undefined;
  republish?: RepublishIntervals | undefined;
  /** Default: the system's. */
  clock?: Clock | undefined;
  /** Default: the system's. */
  random?: Random | undefined;
  /** Where tracing is on, whatever waits for a disk or a server is recorded here; without it, and in a build without tracing, nothing is. */
  traceLog?: EventLog | undefined;
}
