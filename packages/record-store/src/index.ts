export { MemoryRecordStore } from './backends/memory/memory-record-store.ts';
export type { RecordStore } from './record-store.ts';
export type { RecordStoreOptions, RepublishIntervals } from './options.ts';
export type { Limit, Limits, LocalLimits, OriginLimits, PartialLimits } from './limits.ts';
export type { Clock, Random } from './env.ts';
export type { StoreEvent, StoreEvents, StoreEventType } from './events.ts';
export { storeMetrics, type StoreMetric } from './metrics.ts';
export { RecordStoreError, type RecordStoreErrorCode } from './errors.ts';
export { ttlByDistance, xorSha256, type Distance } from './core/distance.ts';
export type { FullKeyPolicy, FullKeyPolicyName, PolicyContext, PolicyMember } from './core/full-key/policies.ts';
export { bep44, bep44Message, type Bep44Options } from './validators/bep44.ts';
export { dat, type DatOptions, type DatView } from './validators/dat.ts';
export { immutable, publicKey, type ImmutableOptions, type PublicKeyOptions } from './validators/hash-validators.ts';
export { verifyEd25519, type VerifySignature } from './validators/signatures.ts';
export { decodeSignedSeq, encodeSignedSeq, signedSeq, signedSeqMessage, type SignedSeqItem, type SignedSeqOptions } from './validators/signed-seq.ts';
export { acceptAny, seqRank, type Validator, type Validators, type Verdict } from './validators/validator.ts';
export type {
  ClassStats,
  DueOptions,
  OriginOptions,
  ProviderRecord,
  ProvidersOptions,
  PutOptions,
  PutResult,
  ReadOptions,
  RecordsOptions,
  RejectReason,
  RepublishItem,
  ResumeToken,
  StoreCapabilities,
  StoreStats,
  SweepOptions,
  SweepResult,
  ValueRecord,
  ValueRecordStore,
  WaitOptions,
  WriteOptions,
} from './types.ts';
