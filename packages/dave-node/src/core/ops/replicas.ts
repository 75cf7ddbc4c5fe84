import { distance, FANOUT } from '@p2p/dave-wire';
import type { Peer, PeerDirectory } from '../peers/peer.ts';

/** One of those that should hold a dat. `peer` is undefined for ourselves. */
export interface Replica {
  readonly id: bigint;
  readonly peer: Peer | undefined;
}

/** Who we are to the ranking: a client never holds data for others, so it is no replica. */
export interface RankedSelf {
  readonly id: bigint;
  readonly client: boolean;
}

/**
 * The `count` peers closest to `target` by XOR distance, closest first: active ones and ourselves,
 * clients left out. Distance alone decides.
 */
export function rankReplicas(directory: PeerDirectory, self: RankedSelf, target: bigint, count: number = FANOUT): Replica[] {
  const ranked: Replica[] = directory.closest(target, count).map((peer) => ({ id: peer.id, peer }));
  if (self.client) return ranked;
  const own = distance(self.id, target);
  let place = 0;
  while (place < ranked.length && distance(ranked[place]!.id, target) < own) place += 1;
  if (place < count) ranked.splice(place, 0, { id: self.id, peer: undefined });
  return ranked.length > count ? ranked.slice(0, count) : ranked;
}

/** The ids of a ranking, as an entry carries them. */
export function replicaIds(replicas: readonly Replica[]): bigint[] {
  return replicas.map((replica) => replica.id);
}
