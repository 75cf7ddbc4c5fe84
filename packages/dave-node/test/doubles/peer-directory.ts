import { distance, formatAddrPort, type AddrPort } from '@p2p/dave-wire';
import type { Peer, PeerDirectory } from '../../src/core/peers/peer.ts';
import type { NodeEmitter } from '../../src/events.ts';

/** A peer of our kind; `go: true` for a Go node. */
export function peerAt(address: AddrPort, id: bigint, publicKey: Uint8Array, kind: { go?: boolean; client?: boolean } = {}): Peer {
  const go = kind.go ?? false;
  return {
    id,
    publicKey,
    address,
    addressKey: formatAddrPort(address),
    edge: false,
    state: 'active',
    srttMs: 2,
    rttvarMs: 1,
    usedSpace: 0n,
    capacity: 0n,
    sendsPutAck: !go,
    directedDiscovery: false,
    client: kind.client ?? false,
    protocolVersion: go ? undefined : 1,
    lastProofMs: 0,
    firstSeenMs: 0,
  };
}

/** A directory whose peers a test switches on and off by hand. */
export class ManualDirectory implements PeerDirectory {
  readonly suspected: Peer[] = [];
  readonly #emitter: NodeEmitter;
  readonly #peers = new Map<bigint, Peer>();

  constructor(emitter: NodeEmitter) {
    this.#emitter = emitter;
  }

  activate(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    this.#emitter.emit('peer-active', { peer });
  }

  deactivate(id: bigint): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    this.#emitter.emit('peer-inactive', { peer });
  }

  active(): Iterable<Peer> {
    return this.#peers.values();
  }

  /** Whether more peers are on their way. */
  joining = false;

  get activeCount(): number {
    return this.#peers.size;
  }

  byId(id: bigint): Peer | undefined {
    return this.#peers.get(id);
  }

  byAddressKey(addressKey: string): Peer | undefined {
    return [...this.#peers.values()].find((peer) => peer.addressKey === addressKey);
  }

  closest(target: bigint, count: number): Peer[] {
    const placed = [...this.#peers.values()].filter((peer) => !peer.client);
    placed.sort((a, b) => (distance(a.id, target) < distance(b.id, target) ? -1 : 1));
    return placed.slice(0, count);
  }

  suspect(peer: Peer): void {
    this.suspected.push(peer);
  }
}
