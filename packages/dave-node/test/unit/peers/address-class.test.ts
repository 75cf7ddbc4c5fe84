import { expect, test } from 'vitest';
import { type AddressClass, addressClass, isDialable, isNameable, networkOf } from '../../../src/core/peers/address-class.ts';

const CASES: Record<AddressClass, readonly string[]> = {
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.1', '192.168.1.1', '100.64.0.1', '100.127.255.255', 'fc00::1', 'fdff::', 'fec0::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  reserved: ['240.0.0.1', '255.255.255.255', '::2', '::1.2.3.4', '::ffff:0:1', 'nonsense', '1.2.3', '1.2.3.4.5.6.x', '256.1.1.1', ''],
  public: ['1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.167.1.1', '192.0.2.1', '223.255.255.255', '2001:db8::1', '2606:4700::1111', '1::'],
};

test.each(Object.entries(CASES))('%s', (kind, addresses) => {
  expect(addresses.map((address) => addressClass(address))).toEqual(addresses.map(() => kind));
});

test.each([
  ['203.0.113.7', '203.0.113'],
  ['2001:db8:1:2::7', '2001:db8:1'],
  ['2001:db8::7', '2001:db8:0'],
  ['2001::7', '2001:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('no PING goes to port 0, to 65535, which has no TCP port, or to an address that is no host', () => {
  const dialable = (address: string, port: number): boolean => isDialable({ address, port }, addressClass(address));
  expect([1, 65_534].map((port) => dialable('192.0.2.1', port))).toEqual([true, true]);
  expect([0, 65_535, -1, 1.5, Number.NaN].map((port) => dialable('192.0.2.1', port))).toEqual([false, false, false, false, false]);
  expect(['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1'].map((address) => dialable(address, 4127))).not.toContain(true);
});

test('an address may be named where it means the same host', () => {
  const kinds: AddressClass[] = ['public', 'private', 'link-local', 'loopback'];
  const table = kinds.map((teller) => kinds.filter((kind) => isNameable(kind, teller)));
  expect(table).toEqual([['public'], ['public', 'private'], ['public', 'private'], ['public', 'private', 'loopback']]);
});
