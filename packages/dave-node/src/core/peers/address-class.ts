import type { AddrPort } from '@p2p/dave-wire';

/** How far an address reaches. `reserved` is what no host can have: broadcast, class E, IPv4-compatible IPv6. */
export type AddressClass =
  | 'unspecified'
  | 'loopback'
  | 'link-local'
  | 'private'
  | 'multicast'
  | 'reserved'
  | 'public';

/**
 * Classifies an address in the form that `AddrPort` guarantees (dotted IPv4, RFC 5952 IPv6; a zone is ignored).
 * Carrier-grade NAT (RFC 6598) and unique local IPv6 (RFC 4193) count as private, documentation networks as public.
 */
export function addressClass(address: string): AddressClass {
  return address.includes(':') ? ipv6Class(address) : ipv4Class(address);
}

function ipv4Class(address: string): AddressClass {
  const bits = ipv4Bits(address);
  if (bits === undefined) return 'reserved';
  const a = bits >>> 24;
  const b = (bits >>> 16) & 0xff;
  if (a === 0) return 'unspecified';
  if (a === 127) return 'loopback';
  if (a === 169 && b === 254) return 'link-local';
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private';
  if (a === 100 && b >= 64 && b < 128) return 'private';
  if (a >= 240) return 'reserved';
  return a >= 224 ? 'multicast' : 'public';
}

/** The 32 bits of a dotted address. Every named address comes through here: no strings are made. */
function ipv4Bits(address: string): number | undefined {
  let bits = 0;
  let octet = -1;
  let dots = 0;
  for (let at = 0; at <= address.length; at++) {
    const digit = at < address.length ? address.charCodeAt(at) - 48 : -2;
    if (digit >= 0 && digit <= 9) {
      octet = (octet < 0 ? 0 : octet * 10) + digit;
      if (octet > 255) return undefined;
    } else {
      // -2 is the dot, and stands for the end.
      if (digit !== -2 || octet < 0) return undefined;
      bits = (bits << 8) | octet;
      octet = -1;
      dots++;
    }
  }
  return dots === 4 ? bits >>> 0 : undefined;
}

function ipv6Class(address: string): AddressClass {
  const zone = address.indexOf('%');
  const text = zone < 0 ? address : address.slice(0, zone);
  if (text === '::') return 'unspecified';
  if (text === '::1') return 'loopback';
  const first = firstGroups(text, 1)[0]!;
  if (Number.isNaN(first) || first === 0) return 'reserved';
  if ((first & 0xffc0) === 0xfe80) return 'link-local';
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0) return 'private';
  return first >= 0xff00 ? 'multicast' : 'public';
}

/** The first `count` 16-bit groups of an IPv6 address; those inside `::` are 0. */
function firstGroups(address: string, count: number): number[] {
  const gap = address.indexOf('::');
  const head = gap < 0 ? address : address.slice(0, gap);
  const groups = head === '' ? [] : head.split(':').map((group) => Number.parseInt(group, 16));
  while (groups.length < count) groups.push(0);
  return groups.slice(0, count);
}

/** The network that shares a limit: the /24 of an IPv4 address, the /48 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'));
  return firstGroups(address, 3).map((group) => group.toString(16)).join(':');
}

/** True for loopback, private and link-local addresses: networks that one operator owns. */
export function isLocalClass(kind: AddressClass): boolean {
  return kind === 'loopback' || kind === 'private' || kind === 'link-local';
}

/**
 * False for what must never be sent a PING, whoever named it: no UDP port, no room for the TCP port
 * above it (65535), or an address that is no single host's.
 */
export function isDialable(address: AddrPort, kind: AddressClass): boolean {
  if (!Number.isInteger(address.port) || address.port < 1 || address.port > 65_534) return false;
  return kind !== 'unspecified' && kind !== 'multicast' && kind !== 'reserved';
}

/**
 * Whether an address of class `kind` means the same host to us as to the peer of class `teller` that
 * names it (or that we would name it to): nobody outside may point us at our own networks.
 */
export function isNameable(kind: AddressClass, teller: AddressClass): boolean {
  if (kind === 'public') return true;
  if (kind === 'private') return isLocalClass(teller);
  return kind === 'loopback' && teller === 'loopback';
}
