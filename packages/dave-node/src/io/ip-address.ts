import { canonicalAddress } from '@p2p/dave-wire';
import { isIP } from 'node:net';

const MAPPED = '::ffff:';

/**
 * An address as the operating system reports it in the form that messages carry: mapped IPv4
 * becomes dotted. A zone id (`fe80::1%eth0`) stays, an answer could not be sent without it.
 */
export function fromSystemAddress(address: string): string {
  if (address.startsWith(MAPPED)) return canonicalAddress(address) ?? address;
  return address;
}

/** The address as a socket of the given family takes it; undefined when it cannot reach it. */
export function toSocketAddress(address: string, family: 4 | 6): string | undefined {
  if (!address.includes(':')) return family === 4 ? address : MAPPED + address;
  return family === 6 ? address : undefined;
}

/** An IP literal in canonical form, zone ids kept; undefined for host names. */
export function ipLiteral(host: string): string | undefined {
  if (isIP(host) === 0) return undefined;
  return canonicalAddress(host) ?? host;
}
