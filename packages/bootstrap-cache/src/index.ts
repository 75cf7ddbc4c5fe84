export { BootstrapCache } from './io/bootstrap-cache.ts';
export type { FileIdentity, FileSystem, OpenFile } from './io/file-system.ts';
export type { PeerCache } from './peer-cache.ts';
export type { BootstrapCacheOptions } from './options.ts';
export type { SelectOptions } from './selection-query.ts';
export type { SelectRelaysOptions } from './select-relays.ts';
export type { Scoring } from './settings.ts';
export type { ScoringModel } from './scoring-model.ts';
export type { Clock, Random, Timer } from './env.ts';
export type { CacheEvent, CacheEvents, CacheEventType } from './events.ts';
export { BootstrapCacheError, type BootstrapCacheErrorCode } from './errors.ts';
export { classifyAddress } from './classify-address.ts';
export type {
  AddressClass,
  AddressScope,
  AdmissionResult,
  CachedPeer,
  CacheStats,
  ConnectionOutcome,
  ConnectionStats,
  NatType,
  PeerCapabilities,
  PeerPatch,
  PeerSource,
  QualityParts,
  QualityWeights,
  ReachableAddress,
  RefusalReason,
  RefusedAddress,
  SelectionStrategy,
} from './types.ts';
