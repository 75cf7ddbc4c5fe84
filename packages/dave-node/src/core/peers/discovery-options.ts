import type { AddrPort, Message } from '@p2p/dave-wire';
import type { Clock, Identity, Logger, Random } from '../../env.ts';
import type { NodeEmitter } from '../../events.ts';
import type { Counters } from '../counters.ts';
import type { DiscoveryIntervals } from './intervals.ts';
import type { PeerHints } from './peer-hints.ts';
import type { Peer } from './peer.ts';
import type { Proofs } from './proofs.ts';
import type { SendGate } from './send-gate.ts';

/** What discovery may be told. Every bound has a default. */
export interface DiscoveryOptions {
  /** A client never answers Go nodes, so that they place nothing on it, and says so to ours. */
  readonly mode: 'peer' | 'client';
  /** `host:port`, IPv6 in brackets, optionally `<publicKey hex>@` before it. */
  readonly edges: readonly string[];
  readonly intervals: DiscoveryIntervals;
  /** Peers in the table; edges are kept beyond it. Default 2048. */
  readonly maxPeers?: number | undefined;
  /** Addresses being tried. Default 1024. */
  readonly maxCandidates?: number | undefined;
  /** PINGs per second to candidates of each source (named by peers, or heard from). Default 25. */
  readonly candidatePingsPerSecond?: number | undefined;
  /** PINGs per second to candidates of one /24 or /48. Default 2. */
  readonly networkPingsPerSecond?: number | undefined;
  /** Also hold loopback and private networks to the rate per network. Default false. */
  readonly limitLocalNetworks?: boolean | undefined;
  /** PONGs being verified at once; more are dropped and counted. Default 64. */
  readonly maxVerifications?: number | undefined;
  /** Peers of earlier runs to try at start. Default 8. */
  readonly hintCount?: number | undefined;
  /** Names of edges are resolved again this often while they work. Default 300 000. */
  readonly resolveMs?: number | undefined;
}

/** Everything discovery touches outside itself. */
export interface DiscoveryModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: Identity;
  /** Sends one datagram, best effort; encodes before it returns. */
  send(message: Message, to: AddrPort): void;
  /** All addresses of a host name. Rejects when there is none. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
  readonly emitter: NodeEmitter;
  readonly counters: Counters;
  readonly logger?: Logger | undefined;
  /** What our PINGs claim. */
  claims(): { readonly usedSpace: bigint; readonly capacity: bigint };
  /** Where the UDP socket is bound. */
  boundAddress(): AddrPort;
  readonly hints?: PeerHints | undefined;
  /** Default: everything may be sent. */
  readonly gate?: SendGate | undefined;
  /** Default: the protocol's signatures. */
  readonly proofs?: Partial<Proofs> | undefined;
  /** How readily a peer is named in PONGs, in (0, 1]. Default 1 for all. */
  weight?(peer: Peer): number;
}

/** `DiscoveryOptions` with its defaults. */
export type DiscoverySettings = {
  readonly [K in keyof DiscoveryOptions]-?: NonNullable<DiscoveryOptions[K]>;
};

export function discoverySettings(options: DiscoveryOptions): DiscoverySettings {
  return {
    mode: options.mode,
    edges: options.edges,
    intervals: options.intervals,
    maxPeers: options.maxPeers ?? 2048,
    maxCandidates: options.maxCandidates ?? 1024,
    candidatePingsPerSecond: options.candidatePingsPerSecond ?? 25,
    networkPingsPerSecond: options.networkPingsPerSecond ?? 2,
    limitLocalNetworks: options.limitLocalNetworks ?? false,
    maxVerifications: options.maxVerifications ?? 64,
    hintCount: options.hintCount ?? 8,
    resolveMs: options.resolveMs ?? 300_000,
  };
}
