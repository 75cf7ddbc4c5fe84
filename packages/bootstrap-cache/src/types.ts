/** How a peer is reachable behind its translator; `symmetric` is the worst to punch through. */
export type NatType = 'none' | 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric' | 'unknown';

/** Where a peer was first heard of. */
export type PeerSource = 'seed' | 'connection' | 'relay' | 'coordination' | 'merge' | 'unknown';

/** How peers are picked. */
export type SelectionStrategy = (typeof SELECTION_STRATEGIES)[number];
/** Every strategy. */
export const SELECTION_STRATEGIES = ['best-first', 'epsilon-greedy', 'random', 'thompson'] as const;

/** How far an address reaches: this machine, this site (private, link-local and unique local ranges), or everywhere. */
export type AddressScope = (typeof ADDRESS_SCOPES)[number];
/** Every scope; their order is that of their codes in files: append only. */
export const ADDRESS_SCOPES = ['loopback', 'local', 'global'] as const;

/** What a peer can do for others; undefined means unknown. */
export interface PeerCapabilities {
  /** Forwards packets for peers that cannot reach each other. */
  relay?: boolean | undefined;
  /** Helps two peers to punch through their translators at the same time. */
  coordination?: boolean | undefined;
  /** Is reachable over IPv4 and IPv6. */
  dualStack?: boolean | undefined;
  natType?: NatType | undefined;
}

/** How a dial ended. */
export type ConnectionOutcome =
  | {
      ok: true;
      /** Round trip in ms, 0 or more; leave it out when it was not measured. */
      rttMs?: number | undefined;
      /** What this connection showed. Of an inbound connection it counts as the peer's own claim. */
      capabilities?: PeerCapabilities | undefined;
      /** The address that answered; it becomes the peer's first. Ignored for inbound connections. */
      address?: string | undefined;
      /** Who dialled; default `outbound`. Inbound connections prove that the peer lives, not that it can be reached. */
      direction?: 'outbound' | 'inbound' | undefined;
    }
  | {
      ok: false;
      /** A word for diagnosis, cut at 64 characters, kept in memory only. */
      reason?: string | undefined;
    };

/** What became of the dials to a peer. */
export interface ConnectionStats {
  /** Successful dials ever, added up over all processes that share the cache. */
  readonly successes: number;
  /** Failed dials ever, likewise. */
  readonly failures: number;
  /** Failures since the last success. */
  readonly consecutiveFailures: number;
  /** Smoothed round trip in ms (exponential average, weight 1/8); undefined when never measured. */
  readonly rttMs: number | undefined;
  readonly minRttMs: number | undefined;
  readonly maxRttMs: number | undefined;
  /** Successes that still count: older ones fade with a half-life and beyond a cap. */
  readonly recentSuccesses: number;
  /** Failures that still count. */
  readonly recentFailures: number;
}

/** An address and the last time that an outbound dial proved it. */
export interface ReachableAddress {
  readonly address: string;
  readonly scope: AddressScope;
  /** Unix ms. */
  readonly verifiedAt: number;
}

/** The four components of a quality, each in [0, 1] before weighting. */
export interface QualityParts {
  readonly success: number;
  readonly rtt: number;
  readonly freshness: number;
  readonly capabilities: number;
}

/** One remembered peer: a copy, later outcomes do not change it. Times are Unix ms. */
export interface CachedPeer {
  readonly id: string;
  /** 1 to 8 addresses, the one to dial first in front: proven ones before others, newest proof first. */
  readonly addresses: readonly string[];
  readonly source: PeerSource;
  /** Named by the operator: never evicted, never cleaned away. */
  readonly isSeed: boolean;
  readonly firstSeenAt: number;
  /** Last heard of or from. */
  readonly lastSeenAt: number;
  readonly lastAttemptAt: number | undefined;
  readonly lastSuccessAt: number | undefined;
  /** Until then the peer is offered only when nothing else is left; undefined without back-off. */
  readonly retryAt: number | undefined;
  readonly stats: ConnectionStats;
  /** What holds now: what was observed and has not expired, else what was claimed. */
  readonly capabilities: PeerCapabilities;
  /** What the peer or others say of it. */
  readonly claimed: PeerCapabilities;
  /** What our own connections showed and has not expired. */
  readonly observed: PeerCapabilities;
  readonly reachable: readonly ReachableAddress[];
  /** Weighted mean of the parts, or the reference formula when it was chosen; in [0, 1]. */
  readonly quality: number;
  readonly qualityParts: QualityParts;
  /** Why the last dial failed, if it did in this process. */
  readonly lastFailureReason: string | undefined;
}

/** What `update` changes; fields that are left out stay. */
export interface PeerPatch {
  /** Replaces the list; what was proven of addresses that stay is kept. */
  addresses?: readonly string[] | undefined;
  /** Replaces the claims that are given. */
  claims?: PeerCapabilities | undefined;
  source?: PeerSource | undefined;
  isSeed?: boolean | undefined;
}

/** Weights of the four components; any non-negative finite numbers that are not all 0, divided by their sum. */
export interface QualityWeights {
  success: number;
  rtt: number;
  freshness: number;
  capabilities: number;
}

/** What `classifyAddress` says of an address. */
export interface AddressClass {
  /** Undefined when a name decides it at dial time. */
  readonly family: 4 | 6 | undefined;
  /** Peers of one network count together for diversity: /24, /48 or a domain. Whatever compares equal is one network. */
  readonly network: string | number;
  readonly scope: AddressScope;
}

/** Why something was not taken in. */
export type RefusalReason =
  | 'bad-id'
  | 'bad-address'
  | 'too-many-addresses'
  | 'no-address'
  | 'full'
  | 'network-full';

/** What came of offering a peer to the cache. */
export type AdmissionResult =
  | {
      readonly ok: true;
      /** False when the peer was known and only gained addresses or claims. */
      readonly created: boolean;
      /** Addresses that were left out, each with its reason. */
      readonly refused: readonly RefusedAddress[];
    }
  | { readonly ok: false; readonly reason: RefusalReason; readonly refused: readonly RefusedAddress[] };

/** An address that was left out. */
export interface RefusedAddress {
  readonly address: string;
  readonly reason: 'bad-address' | 'too-many-addresses';
}

/** Counts of what is cached; computed in one pass. */
export interface CacheStats {
  readonly peers: number;
  readonly seeds: number;
  /** Dialled with success in the last 30 days. */
  readonly proven: number;
  /** Never dialled. */
  readonly untested: number;
  /** Not offered for now. */
  readonly backingOff: number;
  readonly relays: number;
  readonly coordinators: number;
  readonly dualStackRelays: number;
  /** Different /24, /48 or domains. */
  readonly networks: number;
  /** Mean quality, 0 for an empty cache. */
  readonly averageQuality: number;
  /** True while there are changes that no file holds. */
  readonly dirty: boolean;
  /** True when the directory cannot be used and the cache lives in memory only. */
  readonly degraded: boolean;
}
