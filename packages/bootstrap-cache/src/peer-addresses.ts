import type { PeerAddress } from './peer-table.ts';
import type { Settings } from './settings.ts';
import type { RefusedAddress } from './types.ts';

/** Addresses of one peer. */
export const MAX_ADDRESSES = 8;
/** UTF-16 units of one address. */
export const MAX_ADDRESS_LENGTH = 256;
/** UTF-16 units of an id. */
export const MAX_ID_LENGTH = 128;

/** No blanks, no control characters, and no halves of surrogate pairs, which files could not hold. */
function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || (code >= 0x7f && code <= 0xa0) || code === 0x2028 || code === 0x2029) return false;
    if (code >= 0xd800 && code <= 0xdfff) return text.isWellFormed() && isPrintable(text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, ''));
  }
  return true;
}

/** Ids are opaque: 1 to 128 characters, none of them a blank or a control character. */
export function isValidId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= MAX_ID_LENGTH && isPrintable(id);
}

/** Addresses have the same form, up to 256 characters; the settings may demand that the classifier knows them. */
export function isValidAddress(address: unknown, settings: Settings): address is string {
  if (typeof address !== 'string' || address.length === 0 || address.length > MAX_ADDRESS_LENGTH || !isPrintable(address)) return false;
  return settings.acceptUnclassified || settings.classifyAddress(address) !== undefined;
}

export interface AddressMerge {
  readonly addresses: PeerAddress[];
  readonly refused: RefusedAddress[];
  readonly changed: boolean;
}

/**
 * Adds addresses to a list of at most 8. When it is full, hearsay takes the place of the oldest
 * entry that no dial has proven; what is `trusted` may also take that of the oldest proof.
 */
export function mergeAddresses(known: readonly PeerAddress[], offered: readonly string[], settings: Settings, trusted: boolean): AddressMerge {
  const addresses = [...known];
  const refused: RefusedAddress[] = [];
  let changed = false;
  for (const text of offered) {
    if (!isValidAddress(text, settings)) {
      refused.push({ address: String(text).slice(0, MAX_ADDRESS_LENGTH), reason: 'bad-address' });
      continue;
    }
    if (addresses.some((address) => address.text === text)) continue;
    // Within one call later addresses never push out earlier ones.
    if (addresses.length >= MAX_ADDRESSES && !dropOne(addresses, known, trusted)) {
      refused.push({ address: text, reason: 'too-many-addresses' });
      continue;
    }
    addresses.push({ text, verifiedAt: 0, scope: undefined, isNew: true });
    changed = true;
  }
  return { addresses, refused, changed };
}

function dropOne(addresses: PeerAddress[], known: readonly PeerAddress[], trusted: boolean): boolean {
  let victim: PeerAddress | undefined;
  for (const address of addresses) {
    if (!known.includes(address) || (address.verifiedAt !== 0 && !trusted)) continue;
    if (victim === undefined || address.verifiedAt < victim.verifiedAt) victim = address;
  }
  if (victim === undefined) return false;
  addresses.splice(addresses.indexOf(victim), 1);
  return true;
}

/** The one to dial first in front: newest proof first, the others in the order they came. */
export function orderAddresses(addresses: PeerAddress[]): PeerAddress[] {
  return addresses.sort((a, b) => b.verifiedAt - a.verifiedAt);
}
