import { sha256 } from '@noble/hashes/sha2.js';

/** How far an id is from a key; smaller is closer. */
export type Distance = (key: Uint8Array, id: Uint8Array) => bigint;

/** Kademlia's distance as libp2p takes it: XOR of the SHA-256 hashes of both, big-endian, 256 bits. */
export function xorSha256(key: Uint8Array, id: Uint8Array): bigint {
  const one = sha256(key);
  const other = sha256(id);
  let distance = 0n;
  for (let at = 0; at < one.length; at++) distance = (distance << 8n) | BigInt(one[at]! ^ other[at]!);
  return distance;
}

/**
 * How long to keep a record that was pushed here: `ttlMs` for the `replication` nodes closest to its key,
 * halved for each node beyond, in whole ms. 0: not at all. `closerNodes` is how many nodes are known that are
 * closer to the key than this one.
 */
export function ttlByDistance(ttlMs: number, closerNodes: number, replication: number = 20): number {
  // A shift by 32 and more wraps around, a power does not.
  return Math.floor(ttlMs / 2 ** Math.max(0, closerNodes - replication));
}
