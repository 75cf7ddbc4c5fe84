import { WireError } from './errors.ts';
import { formatIp, parseIp } from './ip-text.ts';
import type { AddrPort } from './message.ts';

const groups = new Uint16Array(8);

/**
 * The canonical form in which messages carry an address: dotted IPv4 (also for `::ffff:a.b.c.d`),
 * RFC 5952 text for IPv6. Undefined for anything that is no IP address, and for IPv6 with a zone id,
 * which means nothing to another host.
 */
export function canonicalAddress(text: string): string | undefined {
  return parseIp(text, groups) ? formatIp(groups) : undefined;
}

/**
 * `192.0.2.7:127` or `[::1]:127`. The address is taken as it is: those of decoded messages and of
 * `parseAddrPort` are canonical, others go through `canonicalAddress` first where the text is a map key.
 */
export function formatAddrPort(addrPort: AddrPort): string {
  const { address, port } = addrPort;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Reads `192.0.2.7:127` or `[2001:db8::1]:127`, port 0 to 65535 in decimal, and returns the address in canonical form.
 *
 * @throws WireError `WIRE_BAD_VALUE` for host names, zone ids, IPv6 without brackets, IPv4 inside them, and all else.
 */
export function parseAddrPort(text: string): AddrPort {
  const bracketed = text.startsWith('[');
  const colon = text.lastIndexOf(':');
  const portText = text.slice(colon + 1);
  const host = bracketed ? text.slice(1, colon - 1) : text.slice(0, Math.max(colon, 0));
  const shaped = bracketed ? text[colon - 1] === ']' && host.includes(':') : !host.includes(':');
  const port = /^(?:0|[1-9]\d{0,4})$/.test(portText) ? Number(portText) : Number.NaN;
  if (!shaped || !(port <= 65_535) || !parseIp(host, groups)) {
    throw new WireError('WIRE_BAD_VALUE', `${JSON.stringify(text.slice(0, 80))} is no address and port: write 192.0.2.7:127 or [2001:db8::1]:127.`);
  }
  return { address: formatIp(groups), port };
}

/** IPv6 16 · port u16. The 18 bytes must exist: callers check lengths first. */
export function readAddrPort(bytes: Uint8Array, offset: number): AddrPort {
  for (let index = 0; index < 8; index += 1) {
    groups[index] = (bytes[offset + 2 * index]! << 8) | bytes[offset + 2 * index + 1]!;
  }
  return { address: formatIp(groups), port: bytes[offset + 16]! | (bytes[offset + 17]! << 8) };
}

/** Writes 18 bytes; IPv4 as ::ffff:a.b.c.d. */
export function writeAddrPort(addrPort: AddrPort, target: Uint8Array, offset: number): void {
  const { address, port } = addrPort;
  if (!parseIp(address, groups)) {
    throw new WireError('WIRE_BAD_VALUE', `${JSON.stringify(address.slice(0, 80))} is no IP address: pass dotted IPv4 or IPv6 without brackets and zone id.`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new WireError('WIRE_BAD_VALUE', `Port ${port} is out of range: pass an integer from 0 to 65535.`);
  }
  for (let index = 0; index < 8; index += 1) {
    const group = groups[index]!;
    target[offset + 2 * index] = group >> 8;
    target[offset + 2 * index + 1] = group;
  }
  target[offset + 16] = port;
  target[offset + 17] = port >> 8;
}
