import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeDat,
  encodeEntry,
  encodeMessage,
  encodeMessageInto,
  messageSize,
  type Dat,
  type Extensions,
  type Get,
  type Message,
  type Ping,
  type Pong,
  type Put,
  type PutAck,
} from '../../src/api.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const dat: Dat = { time: 1, salt: bytes(16), work: bytes(32), signature: bytes(64), publicKey: bytes(32), key: 'k', value: bytes(3) };
const put = (change: Partial<Dat>, replicas: readonly bigint[] = []): Put => ({ op: 'put', entry: { dat: { ...dat, ...change }, replicas } });
const ping = (change: Partial<Ping>): Ping => ({ op: 'ping', challenge: bytes(32), usedSpace: 0n, capacity: 0n, ...change });
const solution = { challenge: bytes(32), salt: bytes(16), publicKey: bytes(32), signature: bytes(64) };
const pong = (change: Partial<Pong>): Pong => ({ op: 'pong', solution, addrPorts: [], ...change });
const putAck = (change: object): PutAck => ({ op: 'put-ack', storeKey: 0n, signaturePrefix: bytes(8), code: 0, ...change });
const get = (change: Partial<Get>): Get => ({ op: 'get', publicKey: bytes(32), key: '', ...change });
const withItems = (extensions: Extensions): Message => ({ op: 'get-my-addr-port', extensions });
const trace = { traceId: bytes(16), spanId: 0n, startUs: 0n, flags: 0 };
const capabilities = { putAck: false, directedDiscovery: false, client: false, protocolVersion: 0 };
const address = { address: '192.0.2.7', port: 1 };

describe('encodeMessage refuses what no receiver would decode', () => {
  for (const [name, message, code] of [
    ['a key of 256 bytes', get({ key: 'k'.repeat(256) }), 'WIRE_TOO_LONG'],
    ['a key of 256 bytes in a dat', put({ key: 'k'.repeat(256) }), 'WIRE_TOO_LONG'],
    ['a key of 128 characters and 256 bytes in a dat', put({ key: 'é'.repeat(128) }), 'WIRE_TOO_LONG'],
    ['a lone surrogate in the key of a dat', put({ key: '\udc00' }), 'WIRE_NOT_UTF8'],
    ['a key of 128 characters and 256 bytes', get({ key: 'é'.repeat(128) }), 'WIRE_TOO_LONG'],
    ['a key of a million characters', put({ key: 'k'.repeat(1_000_000) }), 'WIRE_TOO_LONG'],
    ['a lone surrogate in a key', get({ key: 'a\ud800' }), 'WIRE_NOT_UTF8'],
    ['1225 bytes of key and value', put({ key: 'k', value: bytes(1224) }), 'WIRE_TOO_LONG'],
    ['a value of 70 000 bytes', put({ value: bytes(70_000) }), 'WIRE_TOO_LONG'],
    ['13 addresses', pong({ addrPorts: Array.from({ length: 13 }, () => address) }), 'WIRE_TOO_LONG'],
    ['six replicas', put({}, [1n, 2n, 3n, 4n, 5n, 6n]), 'WIRE_BAD_VALUE'],
    ['a time of 2^53', put({ time: 2 ** 53 }), 'WIRE_BAD_VALUE'],
    ['a negative time', put({ time: -1 }), 'WIRE_BAD_VALUE'],
    ['a fraction of a millisecond', put({ time: 1.5 }), 'WIRE_BAD_VALUE'],
    ['NaN as time', put({ time: Number.NaN }), 'WIRE_BAD_VALUE'],
    ['a negative claim', ping({ usedSpace: -1n }), 'WIRE_BAD_VALUE'],
    ['a claim of 2^63', ping({ capacity: 2n ** 63n }), 'WIRE_BAD_VALUE'],
    ['code 6', putAck({ code: 6 }), 'WIRE_BAD_VALUE'],
    ['a store key of 2^64', putAck({ storeKey: 2n ** 64n }), 'WIRE_BAD_VALUE'],
    ['a challenge of 31 bytes', ping({ challenge: bytes(31) }), 'WIRE_BAD_LENGTH'],
    ['a challenge of 33 bytes in a solution', pong({ solution: { ...solution, challenge: bytes(33) } }), 'WIRE_BAD_LENGTH'],
    ['a salt of 15 bytes in a solution', pong({ solution: { ...solution, salt: bytes(15) } }), 'WIRE_BAD_LENGTH'],
    ['a public key of 33 bytes in a solution', pong({ solution: { ...solution, publicKey: bytes(33) } }), 'WIRE_BAD_LENGTH'],
    ['a signature of 63 bytes in a solution', pong({ solution: { ...solution, signature: bytes(63) } }), 'WIRE_BAD_LENGTH'],
    ['a salt of 17 bytes', put({ salt: bytes(17) }), 'WIRE_BAD_LENGTH'],
    ['a work of 31 bytes', put({ work: bytes(31) }), 'WIRE_BAD_LENGTH'],
    ['a signature of 65 bytes', put({ signature: bytes(65) }), 'WIRE_BAD_LENGTH'],
    ['an empty public key', put({ publicKey: bytes(0) }), 'WIRE_BAD_LENGTH'],
    ['a public key of 31 bytes', get({ publicKey: bytes(31) }), 'WIRE_BAD_LENGTH'],
    ['a signature prefix of 7 bytes', putAck({ signaturePrefix: bytes(7) }), 'WIRE_BAD_LENGTH'],
    ['a host name', { op: 'get-my-addr-port-ack', addrPort: { address: 'localhost', port: 1 } }, 'WIRE_BAD_VALUE'],
    ['a request id of 2^64', withItems({ requestId: 2n ** 64n }), 'WIRE_BAD_VALUE'],
    ['a negative target', withItems({ target: -1n }), 'WIRE_BAD_VALUE'],
    ['padding above a packet', withItems({ padToBytes: 1425 }), 'WIRE_BAD_VALUE'],
    ['padding by half a byte', withItems({ padToBytes: 10.5 }), 'WIRE_BAD_VALUE'],
    ['a trace id of 15 bytes', withItems({ trace: { ...trace, traceId: bytes(15) } }), 'WIRE_BAD_LENGTH'],
    ['trace flags above a byte', withItems({ trace: { ...trace, flags: 256 } }), 'WIRE_BAD_VALUE'],
    ['a span id of 2^64', withItems({ trace: { ...trace, spanId: 2n ** 64n } }), 'WIRE_BAD_VALUE'],
    ['a negative start', withItems({ trace: { ...trace, startUs: -1n } }), 'WIRE_BAD_VALUE'],
    ['a protocol version above u16', withItems({ capabilities: { ...capabilities, protocolVersion: 65_536 } }), 'WIRE_BAD_VALUE'],
  ] as const) {
    it(name, () => {
      expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ name: 'WireError', code }));
      expect(() => encodeMessageInto(message, bytes(80_000))).toThrow(expect.objectContaining({ name: 'WireError', code }));
    });
  }
});

describe("encodeMessage throws TypeError for a programmer's mistake", () => {
  for (const [name, message] of [
    ['an unknown op', { op: 'putt' }],
    ['a number as challenge', ping({ challenge: 5 as unknown as Uint8Array })],
    ['an array as salt', put({ salt: Array.from({ length: 16 }, () => 0) as unknown as Uint8Array })],
    ['a string as value', put({ value: 'abc' as unknown as Uint8Array })],
    ['a number as capacity', ping({ capacity: 1 as unknown as bigint })],
    ['a number as key', get({ key: 7 as unknown as string })],
  ] as const) {
    it(name, () => {
      expect(() => encodeMessage(message as Message)).toThrow(TypeError);
    });
  }

  it('a target without room', () => {
    const size = messageSize(put({}));
    for (const [length, offset] of [[size - 1, 0], [size + 4, 5], [size, -1], [size + 5, Number.NaN], [size + 5, 1.5], [0, 0]] as const) {
      const target = new Uint8Array(length);
      expect(() => encodeMessageInto(put({}), target, offset)).toThrow(TypeError);
    }
    expect(encodeMessageInto(put({}), new Uint8Array(size + 5), 5)).toBe(size);
  });

  it('a target with room for the message, but not for its extensions or for the bytes of its key', () => {
    for (const message of [get({ extensions: { requestId: 1n } }), get({ key: 'éé' }), put({ key: 'éé' }), { ...put({}), extensions: { target: 1n } }]) {
      const size = messageSize(message);
      expect(() => encodeMessageInto(message, new Uint8Array(size - 1))).toThrow(TypeError);
      expect(encodeMessageInto(message, new Uint8Array(size))).toBe(size);
    }
  });
});

it('encodeMessage takes replicas modulo 2^64, unchecked', () => {
  expect(decodeMessage(encodeMessage(put({}, [2n ** 64n + 5n, -1n])))).toMatchObject({ entry: { replicas: [5n, 2n ** 64n - 1n] } });
  expect(() => encodeMessage(put({}, [1 as unknown as bigint]))).toThrow(TypeError);
});

describe('dats and entries alone', () => {
  it('may be as large as their own lengths say', () => {
    expect(encodeEntry({ dat: { ...dat, value: bytes(1226) }, replicas: [] })).toHaveLength(1424);
    expect(() => encodeEntry({ dat: { ...dat, value: bytes(1227) }, replicas: [] })).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LONG' }));
    expect(encodeDat({ ...dat, value: bytes(65_535 - 156) })).toHaveLength(65_535);
    expect(() => encodeDat({ ...dat, value: bytes(65_535 - 155) })).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LONG' }));
  });
});
