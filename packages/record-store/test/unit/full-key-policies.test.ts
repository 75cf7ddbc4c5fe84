import { describe, expect, test } from 'vitest';
import { addressPrefix } from '../../src/core/full-key/address-prefix.ts';
import { keyedHash } from '../../src/core/full-key/keyed-hash.ts';
import { fullKeyPolicy, type PolicyContext, type PolicyMember } from '../../src/core/full-key/policies.ts';

const member = (number: number, origin: string | undefined, ...addresses: string[]): PolicyMember => ({ provider: Uint8Array.of(number), addresses, origin, storedAt: 0 });
const context = (secret: readonly [number, number] = [1, 2]): PolicyContext => ({ key: Uint8Array.of(7), distance: (_key, id) => BigInt(id[0]!), random: { float: () => 0.999 }, secret });

describe('addressPrefix', () => {
  test.each([
    ['192.0.2.7:4001', '4:192.0'],
    ['192.0.2.7', '4:192.0'],
    ['/ip4/192.0.2.7/udp/4001/quic-v1', '4:192.0'],
    ['[2001:db8:1::7]:4001', '6:2001:0db8'],
    ['2001:db8:1::7', '6:2001:0db8'],
    ['/ip6/2001:DB8:1::7/tcp/1', '6:2001:0db8'],
    ['::ffff:192.0.2.7', '4:192.0'],
    ['/dns4/a.b.example.net/tcp/1', 'n:example.net'],
    ['A.Example.NET:443', 'n:example.net'],
    ['/dns/example.net', 'n:example.net'],
    ['/', 'n:/'],
    [`${'x'.repeat(400)}.${'a'.repeat(63)}.${'b'.repeat(63)}:1`, `n:${'a'.repeat(63)}.${'b'.repeat(63)}`],
    ['', 'n:'],
  ])('%s is in %s', (address, network) => expect(addressPrefix(address)).toBe(network));
});

describe('diverse', () => {
  const diverse = fullKeyPolicy('diverse');

  test('takes one of the most crowded origin, the newcomer among them', () => {
    const incumbents = [member(1, 'a'), member(2, 'b'), member(3, 'b'), member(4, 'c')];
    expect([1, 2]).toContain(diverse.choose(member(5, 'd'), incumbents, context()));
    expect([1, 2, -1]).toContain(diverse.choose(member(5, 'b'), incumbents, context()));
  });

  test('looks at claimed networks only among equal origins, so that claims frame nobody', () => {
    const honest = member(1, 'honest', '192.0.2.1:1');
    const sybils = [2, 3, 4].map((number) => member(number, 'sybil', '192.0.2.9:1'));
    expect(diverse.choose(member(9, 'sybil', '192.0.2.8:1'), [honest, ...sybils], context())).not.toBe(0);
    const apart = [member(1, 'a', '192.0.2.1:1'), member(2, 'b', '192.0.9.1:1'), member(3, 'c', '203.0.113.1:1')];
    expect([0, 1]).toContain(diverse.choose(member(4, 'd', '198.51.100.1:1'), apart, context()));
  });

  test('looks at the first four addresses, whatever else somebody claims', () => {
    const spread = (number: number, ...last: string[]): string[] => [...Array.from({ length: 4 }, (_, at) => `10.${10 * number + at}.0.1:1`), ...last];
    const late = [1, 2, 3].map((number) => member(number, undefined, ...spread(number, '192.0.2.1:1')));
    const early = [4, 5].map((number) => member(number, undefined, '203.0.113.1:1'));
    expect([3, 4]).toContain(diverse.choose(member(6, undefined, ...spread(6, '192.0.2.1:1')), [...late, ...early], context()));
  });

  test('decides the same again, however often somebody tries, and otherwise with another secret', () => {
    const incumbents = Array.from({ length: 20 }, (_, number) => member(number, `o${number}`));
    const choices = Array.from({ length: 50 }, (_, secret) => {
      const [first, ...again] = Array.from({ length: 3 }, () => diverse.choose(member(99, 'new'), incumbents.map((held) => ({ ...held })), context([secret, secret])));
      expect(again).toEqual([first, first]);
      return first;
    });
    expect(new Set(choices).size).toBeGreaterThan(10);
  });

  test('more ids of one origin are no more tickets', () => {
    const incumbents = Array.from({ length: 20 }, (_, number) => member(number, `o${number}`));
    const outcomes = new Set(Array.from({ length: 200 }, (_, number) => diverse.choose(member(50 + number, 'new'), incumbents, context()) === -1));
    expect(outcomes.size).toBe(1);
  });
});

describe('the others', () => {
  const incumbents = [member(3, undefined), member(9, undefined), member(5, undefined)];

  test('incumbents refuses, closest replaces the farthest if it is farther, random may take anyone', () => {
    expect(fullKeyPolicy('incumbents').choose(member(1, undefined), incumbents, context())).toBe(-1);
    expect(fullKeyPolicy('closest').choose(member(1, undefined), incumbents, context())).toBe(1);
    expect(fullKeyPolicy('closest').choose(member(10, undefined), incumbents, context())).toBe(-1);
    const at = (float: number): number => fullKeyPolicy('random').choose(member(1, undefined), incumbents, { ...context(), random: { float: () => float } });
    expect([0, 0.26, 0.51, 0.76].map(at)).toEqual([0, 1, 2, -1]);
  });

  test('a policy that is none is a TypeError', () => {
    expect(() => fullKeyPolicy('toString' as never)).toThrow(TypeError);
  });
});

/** From the reference implementation of HalfSipHash-2-4 with 32 bits of output: key 00 01 … 07. */
describe('keyedHash', () => {
  const key = [0x0302_0100, 0x0706_0504] as const;

  test('is HalfSipHash-2-4 of the characters’ 16 bits', () => {
    // Inputs of the reference are bytes 00 01 02 …; two of them make a character.
    const input = (length: number): string => String.fromCharCode(...Array.from({ length: length / 2 }, (_, at) => (2 * at) | ((2 * at + 1) << 8)));
    expect(keyedHash(key, input(0))).toBe(0x5b9f_35a9);
  });

  test('spreads: one bit of key or text changes half of the hash', () => {
    let changed = 0;
    for (let at = 0; at < 512; at++) {
      const one = keyedHash(key, `text ${at}`);
      changed += (one ^ keyedHash([key[0] ^ (1 << at % 32), key[1]], `text ${at}`)).toString(2).replace(/[^1]/g, '').length;
    }
    expect(changed / 512).toBeGreaterThan(10);
  });
});
