import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, decodeMessage, encodeMessage, formatAddrPort, parseAddrPort, WireError, type GetMyAddrPortAck } from '../../src/api.ts';
import { addrPort } from '../property/arbitrary-message.ts';

describe('canonicalAddress follows RFC 5952', () => {
  for (const [text, canonical] of [
    // §4.1, §4.2.1–4.2.3, §4.3
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    // IPv4 inside IPv6: the mapped form is IPv4, others stay hexadecimal.
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::192.0.2.7', '::c000:207'],
    ['1:2:3:4:5:6:255.255.255.255', '1:2:3:4:5:6:ffff:ffff'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
  ] as const) {
    it(`${text} is ${canonical}`, () => expect(canonicalAddress(text)).toBe(canonical));
  }

  for (const text of [
    '', ':', ':::', '1', '1:2', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1::', '1:::2', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '1::2:3:4:5:6:7:8',
    '12345::', '00000::', 'g::', '::1%eth0', 'fe80::1%1', '[::1]', ' ::1', '::1 ', '::ffff:1.2.3', '::ffff:1.2.3.4.5', '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.4:5', '1.2.3.4::', '::ffff:01.2.3.4', '::ffff:256.2.3.4', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1..2.3', '1.2.3.', '.1.2.3',
    '1.2.3.4 ', '+1.2.3.4', '0x1.2.3.4', 'localhost', '1.2.3.٤', '１.2.3.4', '::ffff:1.2.3.4%1',
  ]) {
    it(`${JSON.stringify(text)} is none`, () => expect(canonicalAddress(text)).toBeUndefined());
  }

  it('agrees with the platform about what an address is', () => {
    const piece = fc.oneof(fc.constantFrom(':', '::', '.', '0', '00', '1', 'ffff', '255', '256', '1.2.3.4', '%', 'g', ''), fc.nat(15).map((digit) => digit.toString(16)));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        // The platform accepts zone ids and lets "::" stand for no group at all.
        fc.pre(!text.includes('%'));
        const groups = text.split(':').filter((group) => group !== '').length + (text.includes('.') ? 1 : 0);
        fc.pre(!(text.includes('::') && groups === 8));
        const canonical = canonicalAddress(text);
        expect(canonical !== undefined).toBe(isIP(text) !== 0);
        if (canonical !== undefined) {
          expect(canonicalAddress(canonical)).toBe(canonical);
          if (canonical.includes(':')) expect(canonical).toBe(new URL(`http://[${text}]`).hostname.slice(1, -1));
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('parseAddrPort', () => {
  it('reads what formatAddrPort writes, for any address', () => {
    fc.assert(
      fc.property(addrPort, (given) => {
        expect(parseAddrPort(formatAddrPort(given))).toEqual(given);
      }),
    );
  });

  it('gives the canonical form', () => {
    expect(parseAddrPort('[::ffff:192.0.2.7]:127')).toEqual({ address: '192.0.2.7', port: 127 });
    expect(parseAddrPort('[0:0::1]:0')).toEqual({ address: '::1', port: 0 });
    expect(formatAddrPort({ address: '::1', port: 127 })).toBe('[::1]:127');
    expect(formatAddrPort({ address: '192.0.2.7', port: 127 })).toBe('192.0.2.7:127');
  });

  for (const text of [
    '', ':', ':1', '1.2.3.4', '1.2.3.4:', '1.2.3.4:65536', '1.2.3.4:01', '1.2.3.4:+1', '1.2.3.4: 1', '1.2.3.4:1e3', '1.2.3.4:-1', '::1:127', '[::1]', '[::1]:',
    '[::1]127', '[::1]x:127', '[1.2.3.4]:127', '[fe80::1%eth0]:127', 'example.org:127', '[]:1', '[:1', ']:1', '[[::1]]:1', '1.2.3.4:99999',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseAddrPort(text)).toThrow(expect.objectContaining({ name: 'WireError', code: 'WIRE_BAD_VALUE' }));
    });
  }
});

describe('an address in a message', () => {
  const send = (address: string, port = 1): GetMyAddrPortAck => decodeMessage(encodeMessage({ op: 'get-my-addr-port-ack', addrPort: { address, port } })) as GetMyAddrPortAck;

  it('may be written in any form and arrives canonical', () => {
    expect(send('::FFFF:192.0.2.7').addrPort).toEqual({ address: '192.0.2.7', port: 1 });
    expect(send('2001:0DB8:0:0::1', 65_535).addrPort).toEqual({ address: '2001:db8::1', port: 65_535 });
  });

  it('is refused with a zone id, a name or a port out of range', () => {
    for (const run of [() => send('fe80::1%1'), () => send('localhost'), () => send('::1', 65_536), () => send('::1', -1), () => send('::1', 1.5)]) {
      expect(run).toThrow(WireError);
      expect(run).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
    }
  });
});
