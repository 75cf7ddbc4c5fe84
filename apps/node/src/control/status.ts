import { formatAddrPort } from '@p2p/dave-wire';
import type { DaveNode } from '@p2p/dave-node';
import { idToHex } from './dat-json.ts';

/** What `dave status` shows. */
export interface Status {
  id: string;
  publicKey: string;
  listen: string;
  /** As others see it; null until learned. */
  address: string | null;
  mode: string;
  uptimeMs: number;
  activePeers: number;
  entries: number;
  usedSpace: number;
  capacity: number;
  network: { usedSpace: number; capacity: number };
  peers: {
    id: string | null;
    address: string;
    state: string;
    edge: boolean;
    client: boolean;
    rttMs: number | null;
    protocolVersion: number | null;
  }[];
}

export function statusOf(node: DaveNode, startedMs: number): Status {
  const network = node.networkUsedSpaceAndCapacity();
  return {
    id: idToHex(node.id),
    publicKey: Buffer.from(node.publicKey).toString('hex'),
    listen: formatAddrPort(node.listenAddress),
    address: node.address === undefined ? null : formatAddrPort(node.address),
    mode: node.mode,
    uptimeMs: Date.now() - startedMs,
    activePeers: node.activePeerCount,
    entries: node.entryCount,
    usedSpace: node.usedSpace,
    capacity: node.capacity,
    network: { usedSpace: Number(network.usedSpace), capacity: Number(network.capacity) },
    peers: node.peers().map((peer) => ({
      id: peer.id === 0n ? null : idToHex(peer.id),
      address: formatAddrPort(peer.address),
      state: peer.state,
      edge: peer.edge,
      client: peer.client,
      rttMs: peer.srttMs === undefined ? null : Math.round(peer.srttMs * 1000) / 1000,
      protocolVersion: peer.protocolVersion ?? null,
    })),
  };
}
