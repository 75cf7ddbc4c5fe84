import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, encodeMessageInto, messageSize, tryDecodeMessage, type Extensions, type Get, type GetMyAddrPort } from '../../src/api.ts';
import { toHex } from '../vectors/vector-files.ts';

const encode = (extensions: Extensions): string => toHex(encodeMessage({ op: 'get-my-addr-port', extensions }));
/** Bytes in hex, spaced as the layout is. */
const hex = (...parts: string[]): string => parts.join('');
const decode = (...tail: number[]): GetMyAddrPort => decodeMessage(new Uint8Array([6, ...tail])) as GetMyAddrPort;
const trace = { traceId: new Uint8Array(16).fill(0xaa), spanId: 1n, startUs: 2n, flags: 3 };
const capabilities = { putAck: true, directedDiscovery: false, client: true, protocolVersion: 0x0102 };
/** A GET of `size` bytes. */
const get = (size: number, extensions: Extensions): Get => ({ op: 'get', publicKey: new Uint8Array(32), key: 'k'.repeat(size - 34), extensions });

describe('the extension block', () => {
  it('has the layout of the specification', () => {
    expect(encode({ requestId: 0x0807060504030201n })).toBe(hex('06d501', '0208', '0102030405060708'));
    expect(encode({ capabilities })).toBe(hex('06d501', '0306', '05000000', '0201'));
    expect(encode({ target: 1n })).toBe(hex('06d501', '0408', '0100000000000000'));
    expect(encode({ trace })).toBe(hex('06d501', '0121', 'aa'.repeat(16), '0100000000000000', '0200000000000000', '03'));
    expect(encode({ padToBytes: 10 })).toBe(hex('06d501', '0005', '00'.repeat(5)));
  });

  it('holds no bits of what the target held', () => {
    const target = new Uint8Array(11).fill(0xee);
    encodeMessageInto({ op: 'get-my-addr-port', extensions: { capabilities } }, target);
    expect(toHex(target)).toBe(hex('06d501', '0306', '05000000', '0201'));
  });

  it('lists its items by number and is absent where there is none', () => {
    expect(encode({ target: 1n, requestId: 2n })).toBe(hex('06d501', '02080200000000000000', '04080100000000000000'));
    expect(encode({})).toBe('06');
  });

  it('skips unknown items and unknown capabilities', () => {
    expect(decode(0xd5, 1, 200, 3, 9, 9, 9, 4, 8, 7, 0, 0, 0, 0, 0, 0, 0, 99, 0).extensions).toEqual({ target: 7n });
    expect(decode(0xd5, 1, 3, 6, 0xfa, 0xff, 0xff, 0xff, 1, 0).extensions).toEqual({
      capabilities: { putAck: false, directedDiscovery: true, client: false, protocolVersion: 1 },
    });
  });

  for (const [name, ...tail] of [
    ['no marker', 0xd5],
    ['another version', 0xd5, 2, 2, 8, 1, 0, 0, 0, 0, 0, 0, 0],
    ['nothing behind the marker', 0xd5, 1],
    ['only unknown items', 0xd5, 1, 77, 1, 0],
    ['an item that runs past the end', 0xd5, 1, 2, 8, 1, 0, 0, 0, 0, 0, 0],
    ['half an item header behind a good item', 0xd5, 1, 2, 8, 1, 0, 0, 0, 0, 0, 0, 0, 4],
    ['an unknown item past the end behind a good item', 0xd5, 1, 2, 8, 1, 0, 0, 0, 0, 0, 0, 0, 99, 1],
    ['a request id of 7 bytes', 0xd5, 1, 2, 7, 1, 0, 0, 0, 0, 0, 0],
    ['a good item before a target of 9 bytes', 0xd5, 1, 2, 8, 1, 0, 0, 0, 0, 0, 0, 0, 4, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ['two request ids', 0xd5, 1, 2, 8, 1, 0, 0, 0, 0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 0, 0, 0],
  ] as const) {
    it(`is ignored as a whole: ${name}`, () => {
      expect(decode(...tail)).toStrictEqual({ op: 'get-my-addr-port' });
    });
  }

  it('is not allowed behind a pong', () => {
    const pong = encodeMessage({
      op: 'pong',
      solution: { challenge: new Uint8Array(32), salt: new Uint8Array(16), publicKey: new Uint8Array(32), signature: new Uint8Array(64) },
      addrPorts: [],
    });
    expect(tryDecodeMessage(new Uint8Array([...pong, 0xd5, 1, 0, 0]))).toBe('WIRE_BAD_LENGTH');
  });
});

describe('padding', () => {
  it('fills the message up to the length asked for, wherever an item can', () => {
    for (let padToBytes = 0; padToBytes <= 1424; padToBytes += 1) {
      for (const requestId of [undefined, 1n]) {
        const message: GetMyAddrPort = { op: 'get-my-addr-port', extensions: requestId === undefined ? { padToBytes } : { padToBytes, requestId } };
        const unpadded = requestId === undefined ? 1 : 13;
        const least = requestId === undefined ? 5 : 15;
        const bytes = encodeMessage(message);
        expect(bytes).toHaveLength(padToBytes < least ? unpadded : padToBytes);
        expect(messageSize(message)).toBe(bytes.length);
        expect((decodeMessage(bytes) as GetMyAddrPort).extensions?.padToBytes).toBe(padToBytes < least ? undefined : padToBytes);
      }
    }
  });

  it('is zero bytes whatever the target held', () => {
    const target = new Uint8Array(600).fill(0xee);
    encodeMessageInto({ op: 'get-my-addr-port', extensions: { padToBytes: 600 } }, target);
    // Beside op, marker and three lengths there is nothing but zeros.
    expect(target.reduce((sum, byte) => sum + byte, 0)).toBe(6 + 0xd5 + 1 + 255 + 255 + (600 - 3 - 2 * 257 - 2));
  });

  it('drops no item', () => {
    expect(decodeMessage(encodeMessage(get(289, { padToBytes: 1424, requestId: 1n, target: 2n })))).toMatchObject({
      extensions: { padToBytes: 1424, requestId: 1n, target: 2n },
    });
  });
});

describe('a block that does not fit', () => {
  const dat = {
    time: 1,
    salt: new Uint8Array(16),
    work: new Uint8Array(32),
    signature: new Uint8Array(64).fill(1),
    publicKey: new Uint8Array(32),
    key: '',
    value: new Uint8Array(0),
  };
  /** The items that arrive when `room` bytes are left behind a PUT. */
  const arriving = (room: number, extensions: Extensions): string[] => {
    const bytes = encodeMessage({ op: 'put', entry: { dat: { ...dat, value: new Uint8Array(1224 - room) }, replicas: [] }, extensions });
    expect(bytes.length).toBeLessThanOrEqual(1424);
    return Object.keys((decodeMessage(bytes) as GetMyAddrPort).extensions ?? {});
  };
  const items: Extensions = { requestId: 1n, capabilities, target: 2n };

  it('loses its items from the last on', () => {
    expect(arriving(30, items)).toEqual(['requestId', 'capabilities', 'target']);
    expect(arriving(29, items)).toEqual(['requestId', 'capabilities']);
    expect(arriving(20, items)).toEqual(['requestId', 'capabilities']);
    expect(arriving(19, items)).toEqual(['requestId']);
    expect(arriving(12, items)).toEqual(['requestId']);
    // Capabilities alone would fit, but they come after the request id.
    expect(arriving(11, items)).toEqual([]);
    expect(arriving(0, items)).toEqual([]);
  });

  it('puts the trace context first, and padding into what is left', () => {
    expect(arriving(46, { trace, requestId: 1n })).toEqual(['trace']);
    expect(arriving(47, { trace, requestId: 1n })).toEqual(['trace', 'requestId']);
    expect(arriving(49, { padToBytes: 1424, trace, requestId: 1n })).toEqual(['trace', 'requestId', 'padToBytes']);
  });
});
