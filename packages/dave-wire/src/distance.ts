import { readU64 } from './integers.ts';
import { PUBLIC_KEY_BYTES } from './layout.ts';

/** The peer id of a public key (32 bytes): its first 8 bytes as a little-endian u64. TypeError for another length. */
export function peerIdOf(publicKey: Uint8Array): bigint {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new TypeError(`publicKey must have ${PUBLIC_KEY_BYTES} bytes.`);
  return readU64(publicKey, 0);
}

/** XOR distance of two ids (u64 each), compared as unsigned 64-bit integers. */
export function distance(a: bigint, b: bigint): bigint {
  return a ^ b;
}

/**
 * A new array of the peers, closest to `target` first. Peers with id 0n have not authenticated and are left out;
 * peers with equal ids keep their order.
 */
export function sortByDistance<P extends { readonly id: bigint }>(target: bigint, peers: Iterable<P>): P[] {
  const ranked: { peer: P; away: bigint }[] = [];
  for (const peer of peers) if (peer.id !== 0n) ranked.push({ peer, away: peer.id ^ target });
  ranked.sort((a, b) => (a.away < b.away ? -1 : a.away > b.away ? 1 : 0));
  return ranked.map(({ peer }) => peer);
}
