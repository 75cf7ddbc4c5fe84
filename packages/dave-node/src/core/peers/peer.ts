import type { AddrPort } from '@p2p/dave-wire';

/** `unproven`: no PONG yet · `proven`: answered, not yet active · `active`: used for reads and writes · `inactive`: was active and went silent. */
export type PeerState = 'unproven' | 'proven' | 'active' | 'inactive';

/** A peer as the rest of the node sees it. Owned and mutated by discovery only. */
export interface Peer {
  /** 0n until it proved its key. */
  readonly id: bigint;
  readonly publicKey: Uint8Array | undefined;
  readonly address: AddrPort;
  /** `formatAddrPort(address)`, the table's key. */
  readonly addressKey: string;
  readonly edge: boolean;
  readonly state: PeerState;
  /** Smoothed round trip and its variation, undefined until measured. */
  readonly srttMs: number | undefined;
  readonly rttvarMs: number | undefined;
  /** What its PING claims; claims, not facts. */
  readonly usedSpace: bigint;
  readonly capacity: bigint;
  /** From extension item 3 of its own PING; all false for a Go node. */
  readonly sendsPutAck: boolean;
  readonly directedDiscovery: boolean;
  /** Never place data on it. */
  readonly client: boolean;
  /** Protocol version it announced, undefined for a Go node. */
  readonly protocolVersion: number | undefined;
  /** Monotonic ms of the last right PONG, of first contact. */
  readonly lastProofMs: number | undefined;
  readonly firstSeenMs: number;
}

/** The read side of discovery: what put, get and replication need to know about peers. */
export interface PeerDirectory {
  /** Active peers, live view in no particular order. */
  active(): Iterable<Peer>;
  readonly activeCount: number;
  /** Peers are on their way to become active: some have proven their key, or are being tried. */
  readonly joining: boolean;
  byId(id: bigint): Peer | undefined;
  byAddressKey(addressKey: string): Peer | undefined;
  /** Up to `count` active non-client peers closest to `target` by XOR distance, closest first; never includes ourselves. */
  closest(target: bigint, count: number): Peer[];
  /** A request to this peer timed out: discovery looks after it quickly (three quick PINGs). */
  suspect(peer: Peer): void;
}
