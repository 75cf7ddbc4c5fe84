import { parseIpv4, parseIpv6 } from './ip.ts';
import type { AddressClass, AddressScope } from './types.ts';

/**
 * Says of an address which family it has, which network it counts for, and how far it reaches.
 *
 * Understands IP literals, `host:port` (IPv6 in brackets) and multiaddrs (`/ip4/…`, `/ip6/…`,
 * `/dns4/…`, `/dns6/…`, `/dns/…`, `/dnsaddr/…`). Networks are the /24 of IPv4 and of mapped addresses
 * as a number, the /48 of IPv6 as a negative one, and the last two labels of a name. Undefined for
 * anything else and for addresses nobody can dial: unspecified, multicast, broadcast.
 *
 * ```ts
 * classifyAddress('203.0.113.9:4127'); // { family: 4, network: 0xcb0071, scope: 'global' }
 * ```
 */
export function classifyAddress(address: string): AddressClass | undefined {
  if (address.startsWith('/')) return classifyMultiaddr(address);
  if (address.startsWith('[')) {
    const end = address.indexOf(']');
    if (end < 0) return undefined;
    const rest = address.slice(end + 1);
    if (rest !== '' && !(rest.startsWith(':') && isPort(rest.slice(1)))) return undefined;
    return classifyIpv6(address.slice(1, end));
  }
  const colon = address.indexOf(':');
  if (colon < 0) return classifyHost(address, undefined);
  if (address.includes(':', colon + 1)) return classifyIpv6(address);
  return isPort(address.slice(colon + 1)) ? classifyHost(address.slice(0, colon), undefined) : undefined;
}

function classifyMultiaddr(address: string): AddressClass | undefined {
  const [, protocol, value = ''] = address.split('/', 3);
  switch (protocol) {
    case 'ip4':
      return classifyIpv4(value);
    case 'ip6':
      return classifyIpv6(value);
    case 'dns4':
      return classifyName(value, 4);
    case 'dns6':
      return classifyName(value, 6);
    case 'dns':
    case 'dnsaddr':
      return classifyName(value, undefined);
    default:
      return undefined;
  }
}

function isPort(text: string): boolean {
  return text.length <= 5 && /^\d+$/.test(text) && Number(text) > 0 && Number(text) < 65_536;
}

function classifyHost(host: string, family: 4 | 6 | undefined): AddressClass | undefined {
  // A name's last label is never all digits, so what ends in one is an IPv4 address or a mistake.
  const last = host.charCodeAt(host.length - 1);
  return last >= 48 && last <= 57 ? classifyIpv4(host) : classifyName(host, family);
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

function classifyName(name: string, family: 4 | 6 | undefined): AddressClass | undefined {
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase().split('.');
  if (name.length > 254 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1)!)) return undefined;
  const top = labels.at(-1)!;
  const scope: AddressScope = top === 'localhost' ? 'loopback' : labels.length === 1 || top === 'local' ? 'local' : 'global';
  return { family, network: labels.slice(-2).join('.'), scope };
}

function classifyIpv4(text: string): AddressClass | undefined {
  const ip = parseIpv4(text);
  return ip === undefined ? undefined : ipv4Class(ip);
}

function ipv4Class(ip: number): AddressClass | undefined {
  const scope = ipv4Scope(ip);
  if (scope === undefined) return undefined;
  return { family: 4, network: ip >>> 8, scope };
}

/** Ranges of RFC 6890. */
function ipv4Scope(ip: number): AddressScope | undefined {
  const a = ip >>> 24;
  const b = (ip >>> 16) & 255;
  if (a === 0 || a >= 224) return undefined;
  if (a === 127) return 'loopback';
  const isLocal =
    a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128);
  return isLocal ? 'local' : 'global';
}

function classifyIpv6(text: string): AddressClass | undefined {
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  const [a, b, c, d, e, f, g, h] = groups as [number, number, number, number, number, number, number, number];
  const embedded = ((g << 16) | h) >>> 0;
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0) {
    // Mapped addresses travel over IPv4.
    if (f === 0xffff) return ipv4Class(embedded);
    if (f === 0 && embedded === 1) return { family: 6, network: -1, scope: 'loopback' };
    if (f === 0 && embedded === 0) return undefined;
  }
  if (a >= 0xff00) return undefined;
  return { family: 6, network: -(a * 2 ** 32 + b * 65_536 + c), scope: (a & 0xfe00) === 0xfc00 || (a & 0xffc0) === 0xfe80 ? 'local' : 'global' };
}
