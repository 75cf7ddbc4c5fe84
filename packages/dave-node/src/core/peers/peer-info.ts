import type { AddrPort } from '@p2p/dave-wire';
import type { PeerRecord } from './peer-record.ts';
import type { PeerState } from './peer.ts';

/** A peer at the moment of asking, detached from the table. */
export interface PeerInfo {
  /** 0n until it proved its key. */
  readonly id: bigint;
  /** 32 bytes. */
  readonly publicKey: Uint8Array | undefined;
  readonly address: AddrPort;
  readonly edge: boolean;
  readonly state: PeerState;
  readonly client: boolean;
  /** Smoothed round trip and its variation; undefined until measured. */
  readonly srttMs: number | undefined;
  readonly rttvarMs: number | undefined;
  /** Bytes, as the peer claims. */
  readonly usedSpace: bigint;
  readonly capacity: bigint;
  /** Undefined for a Go node. */
  readonly protocolVersion: number | undefined;
  /** Monotonic ms. */
  readonly lastProofMs: number | undefined;
  readonly firstSeenMs: number;
}

export function peerInfo(record: PeerRecord): PeerInfo {
  return {
    id: record.id,
    publicKey: record.publicKey?.slice(),
    address: { ...record.address },
    edge: record.edge,
    state: record.state,
    client: record.client,
    srttMs: record.srttMs,
    rttvarMs: record.rttvarMs,
    usedSpace: record.usedSpace,
    capacity: record.capacity,
    protocolVersion: record.protocolVersion,
    lastProofMs: record.lastProofMs,
    firstSeenMs: record.firstSeenMs,
  };
}
