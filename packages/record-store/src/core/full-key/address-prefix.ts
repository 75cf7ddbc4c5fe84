/** Characters of two labels of a name, and the dot between them. */
const TWO_LABELS = 127;

/**
 * The network that an address claims to be in: /16 of IPv4, /32 of IPv6, the last two labels of a name,
 * whether it is written as `host:port`, `[host]:port` or a multiaddr; the whole text when it is none of these.
 */
export function addressPrefix(address: string): string {
  const host = hostOf(address);
  const v4 = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host);
  if (v4 !== null) return `4:${v4[1]}.${v4[2]}`;
  if (host.includes(':')) {
    const mapped = /^(?:0*:){2,}(?:ffff:)?(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/i.exec(host);
    if (mapped !== null) return `4:${mapped[1]}.${mapped[2]}`;
    const [first = '', second = ''] = host.toLowerCase().split(':');
    return `6:${first.padStart(4, '0')}:${second.padStart(4, '0')}`;
  }
  return `n:${host.slice(-TWO_LABELS).toLowerCase().split('.').slice(-2).join('.')}`;
}

function hostOf(address: string): string {
  if (address.startsWith('/')) {
    const from = address.indexOf('/', 1) + 1;
    if (from === 0) return address;
    const to = address.indexOf('/', from);
    return to < 0 ? address.slice(from) : address.slice(from, to);
  }
  if (address.startsWith('[')) return address.slice(1, address.indexOf(']') < 0 ? undefined : address.indexOf(']'));
  const colon = address.indexOf(':');
  // One colon parts host and port, more are an IPv6 address without port.
  return colon >= 0 && colon === address.lastIndexOf(':') ? address.slice(0, colon) : address;
}
