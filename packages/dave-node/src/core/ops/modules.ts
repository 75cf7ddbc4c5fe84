import type { AddrPort, Capabilities, createDat, Dat, Entry } from '@p2p/dave-wire';
import type { Clock, Identity, Logger, Random } from '../../env.ts';
import type { NodeEmitter } from '../../events.ts';
import type { Endpoint } from '../../transport.ts';
import type { Verifier } from '../../verifier.ts';
import type { Counters } from '../counters.ts';
import type { Peer, PeerDirectory } from '../peers/peer.ts';
import type { DatStore } from '../store/dat-store.ts';
import type { NodeTrace } from '../trace/node-trace.ts';

/** Numbers that reading, writing, receiving and replicating go by. Times are in ms. */
export interface OperationsOptions {
  /** A client answers reads from what it has written itself, and never becomes a replica. */
  readonly mode: 'peer' | 'client';
  /** What we announce about ourselves in writes, so that peers acknowledge them. */
  readonly capabilities: Capabilities;
  /** Least leading zero bits of work. */
  readonly minWork: number;
  /** How far a dat's time may be ahead of our clock. */
  readonly skewMs: number;
  /** Life of a dat. */
  readonly ttlMs: number;
  /** Default deadline of a get, and of a put. */
  readonly getTimeoutMs: number;
  readonly putTimeoutMs: number;
  /** Dats waiting for verification above which UDP is refused and TCP stops being read. */
  readonly maxPendingVerifications: number;
  /** GETs of ours in flight. */
  readonly maxOutstandingGets: number;
  readonly maxConnectionsPerIp: number;
  readonly maxConnections: number;
  /** How long a connection from a stranger may bring no PUT. */
  readonly connectionIdleMs: number;
  /** The same for connections that are worth more, see `tcp-service.ts`. */
  readonly connectionAllowanceMs: number;
  /** Invalid dats that cost a sender its connection. */
  readonly maxInvalidDats: number;
  /** Frames that keep our own idle connections open. */
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** Dats on their way to one replica that it has not confirmed. */
  readonly linkWindow: number;
  /** How long a replica may be unreachable before writes to it fail. */
  readonly linkGiveUpMs: number;
  /** One pass over the store that recomputes replicas. */
  readonly replicateMs: number;
  /** How much longer each further holder waits before it repairs. */
  readonly replicationStaggerMs: number;
  /** Repairs in flight, and waiting for their turn. */
  readonly maxRepairs: number;
  readonly maxPendingRepairs: number;
}

export const DEFAULT_OPERATIONS_OPTIONS: OperationsOptions = Object.freeze({
  mode: 'peer',
  capabilities: Object.freeze({ putAck: true, directedDiscovery: true, client: false, protocolVersion: 1 }),
  minWork: 8,
  skewMs: 0,
  ttlMs: 31_536_000_000,
  getTimeoutMs: 5000,
  putTimeoutMs: 10_000,
  maxPendingVerifications: 4096,
  maxOutstandingGets: 4096,
  maxConnectionsPerIp: 16,
  maxConnections: 256,
  connectionIdleMs: 1000,
  connectionAllowanceMs: 60_000,
  maxInvalidDats: 3,
  keepAliveMs: 500,
  connectTimeoutMs: 2000,
  linkWindow: 2048,
  linkGiveUpMs: 8000,
  replicateMs: 600_000,
  replicationStaggerMs: 2000,
  maxRepairs: 32,
  maxPendingRepairs: 4096,
});

/** What reliability of peers decides here. Without one, order is by distance and nothing else. */
export interface PeerPreference {
  /** The order in which peers are asked; a permutation of `peers`. */
  order(peers: readonly Peer[]): readonly Peer[];
  /** How many replicas beyond the five closest get a copy, 0 to 3. */
  extraCopies(replicas: readonly Peer[]): number;
}

/** Bounds what one address may make us do over TCP. An empty bucket pauses reading, it never drops. */
export interface PutBudget {
  /** Takes for one PUT of `sizeBytes` from `address`; how long to pause reading before the next, 0 for not at all. */
  take(address: string, sizeBytes: number): number;
}

/** What an earlier run stored of a key: an entry, nothing, or that it cannot be told now. */
export type Recalled = Entry | 'unknown' | undefined;

/** Everything that reading and writing need of the rest of the node. */
export interface OperationsModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: Identity;
  readonly directory: PeerDirectory;
  readonly store: DatStore;
  readonly verifier: Verifier;
  /** Makes an admitted entry durable; undefined when nothing outlives the process. */
  readonly persist: ((entry: Entry) => Promise<void>) | undefined;
  /**
   * Brings into memory what an earlier run stored of a key and has not been read back yet. Undefined
   * when all has been read; never rejects.
   */
  readonly recall?: ((name: Pick<Dat, 'publicKey' | 'key'>) => Promise<Recalled> | undefined) | undefined;
  readonly endpoint: Pick<Endpoint, 'send' | 'connect'>;
  readonly emitter: NodeEmitter;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Signs and proves; replaced where a simulation does not want real work. */
  readonly createDat: typeof createDat;
  readonly preference?: PeerPreference | undefined;
  readonly putBudget?: PutBudget | undefined;
  /** Whether some peer of ours lives at this IP address. Default: an active one does. */
  readonly knowsHost?: ((address: string) => boolean) | undefined;
  /** Present in traced builds, where a log was given. */
  trace?: NodeTrace | undefined;
  /** Addresses that per-IP bounds do not hold for, such as loopback. Default: none. */
  readonly isExempt?: ((from: AddrPort) => boolean) | undefined;
}
