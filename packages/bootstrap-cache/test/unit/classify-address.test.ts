import { expect, test } from 'vitest';
import { classifyAddress } from '../../src/index.ts';

test.each([
  ['203.0.113.9:4127', 4, 'global'],
  ['203.0.113.9', 4, 'global'],
  ['[2001:db8::1]:4127', 6, 'global'],
  ['2001:db8::1', 6, 'global'],
  ['/ip4/203.0.113.9/tcp/4001/p2p/12D3KooW', 4, 'global'],
  ['/ip6/2001:db8::1/udp/4001/quic-v1', 6, 'global'],
  ['/dns4/relay.example.net/tcp/443/wss', 4, 'global'],
  ['/dnsaddr/bootstrap.libp2p.io', undefined, 'global'],
  ['node.example.org:443', undefined, 'global'],
  ['localhost:80', undefined, 'loopback'],
  ['printer.local:80', undefined, 'local'],
  ['127.9.9.9:1', 4, 'loopback'],
  ['[::1]:1', 6, 'loopback'],
  ['10.0.0.1:1', 4, 'local'],
  ['172.31.255.255:1', 4, 'local'],
  ['172.32.0.1:1', 4, 'global'],
  ['192.168.1.1:1', 4, 'local'],
  ['100.64.0.1:1', 4, 'local'],
  ['169.254.1.1:1', 4, 'local'],
  ['[fe80::1%eth0]:1', 6, 'local'],
  ['[fd00::1]:1', 6, 'local'],
  ['[::ffff:10.0.0.1]:1', 4, 'local'],
  ['[::ffff:203.0.113.9]:1', 4, 'global'],
])('%s', (address, family, scope) => {
  expect(classifyAddress(address)).toMatchObject({ family, scope });
});

test.each(['', '0.0.0.0:1', '224.0.0.1:1', '255.255.255.255:1', '[::]:1', '[ff02::1]:1', '256.1.1.1:1', '1.2.3:4', '01.2.3.4:5', '1.2.3.4:0', '1.2.3.4:65536', '1.2.3.4:port', '[2001:db8::1', '[2001:db8::1]x', '2001:db8:::1', '/ip4/nonsense/tcp/1', '/unix/tmp', '-bad-.example:1', 'a..b:1', 'pigeon://x', '1.2.3.4.5:1'])(
  'nobody can dial %j',
  (address) => {
    expect(classifyAddress(address)).toBeUndefined();
  },
);

test('networks are /24, /48 and the last two labels', () => {
  const network = (address: string): unknown => classifyAddress(address)?.network;
  expect(network('203.0.113.9:1')).toBe(network('/ip4/203.0.113.250/udp/2'));
  expect(network('203.0.113.9:1')).toBe(network('[::ffff:203.0.113.1]:1'));
  expect(network('203.0.113.9:1')).not.toBe(network('203.0.114.9:1'));
  expect(network('[2001:db8:1:2::1]:1')).toBe(network('[2001:db8:1:3::9]:1'));
  expect(network('[2001:db8:1::1]:1')).not.toBe(network('[2001:db8:2::1]:1'));
  expect(network('a.example.net:1')).toBe(network('/dns/b.c.EXAMPLE.net./tcp/1'));
});
