import type { AddrPort } from '@p2p/dave-wire';
import { addressClass, isDialable, isNameable } from './address-class.ts';
import type { OwnAddress } from './own-address.ts';

/**
 * Whether a PING may be sent to an address that somebody brought up.
 * @param teller the peer that named it; undefined when the address wrote to us itself.
 */
export function mayTry(address: AddrPort, teller: AddrPort | undefined, own: OwnAddress): boolean {
  const kind = addressClass(address.address);
  if (!isDialable(address, kind)) return false;
  if (teller !== undefined && !isNameable(kind, addressClass(teller.address))) return false;
  return !own.isOwn(address);
}
