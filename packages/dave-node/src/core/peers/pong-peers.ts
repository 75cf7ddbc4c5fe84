import { type AddrPort, MAX_PEERS_IN_PONG } from '@p2p/dave-wire';
import type { Random } from '../../env.ts';
import { addressClass, isNameable } from './address-class.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Peer } from './peer.ts';

/** Draws in vain before a PONG goes out with fewer addresses. */
const MAX_DRAWS = 8 * MAX_PEERS_IN_PONG;

/**
 * The addresses that a PONG to `asker` names: up to twelve active peers drawn at random, each in
 * proportion to its weight. Never the asker (a Go node refuses a PONG that names it), no clients,
 * nothing that means another host to the asker than to us.
 * @param asker id 0n when it has not proven one; it is not active then.
 */
export function pongPeers(
  active: readonly PeerRecord[],
  asker: { readonly address: AddrPort; readonly id: bigint },
  random: Random,
  weight: (peer: Peer) => number,
): AddrPort[] {
  const askerClass = addressClass(asker.address.address);
  const suits = (record: PeerRecord): boolean =>
    !record.client &&
    record.id !== asker.id &&
    isNameable(record.addressClass, askerClass);
  const picked: PeerRecord[] = [];
  if (active.length <= MAX_PEERS_IN_PONG) {
    for (const record of active) if (suits(record)) picked.push(record);
  } else {
    for (let draw = 0; draw < MAX_DRAWS && picked.length < MAX_PEERS_IN_PONG; draw++) {
      const record = active[Math.floor(random.float() * active.length)]!;
      if (picked.includes(record) || !suits(record)) continue;
      if (random.float() < weight(record)) picked.push(record);
    }
  }
  return picked.map((record) => record.address);
}
