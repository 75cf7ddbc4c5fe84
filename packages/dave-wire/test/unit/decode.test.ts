import { describe, expect, it } from 'vitest';
import {
  decodeDat,
  decodeEntry,
  decodeMessage,
  encodeDat,
  encodeEntry,
  encodeMessage,
  isNotFound,
  notFoundEntry,
  tryDecodeMessage,
  type Dat,
  type Entry,
  type GetAck,
  type Ping,
  type Put,
} from '../../src/api.ts';

const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);
const dat: Dat = { time: 1, salt: bytes(16), work: bytes(32), signature: bytes(64), publicKey: bytes(32), key: 'key', value: bytes(3) };
const entry: Entry = { dat, replicas: [] };
const DAT_IN_MESSAGE = 3 + 42;
/** The message with bytes of it replaced. */
const patched = (message: Uint8Array, offset: number, ...values: number[]): Uint8Array => {
  const copy = message.slice();
  copy.set(values, offset);
  return copy;
};

describe('time', () => {
  const put = encodeMessage({ op: 'put', entry });
  const getAck = encodeMessage({ op: 'get-ack', entry });
  const MAX = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x00];
  const ABOVE = [0, 0, 0, 0, 0, 0, 0x20, 0];

  it('reaches to 2^53 - 1', () => {
    expect((decodeMessage(patched(put, DAT_IN_MESSAGE, ...MAX)) as Put).entry.dat.time).toBe(Number.MAX_SAFE_INTEGER);
    expect(encodeMessage({ op: 'put', entry: { dat: { ...dat, time: Number.MAX_SAFE_INTEGER }, replicas: [] } })).toEqual(patched(put, DAT_IN_MESSAGE, ...MAX));
  });

  it('above that is refused in a put, a get-ack, a dat and an entry', () => {
    expect(tryDecodeMessage(patched(put, DAT_IN_MESSAGE, ...ABOVE))).toBe('WIRE_BAD_VALUE');
    expect(tryDecodeMessage(patched(getAck, DAT_IN_MESSAGE, ...ABOVE))).toBe('WIRE_BAD_VALUE');
    expect(() => decodeDat(patched(encodeDat(dat), 0, ...ABOVE))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
    expect(() => decodeEntry(patched(encodeEntry(entry), 42, ...ABOVE))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
  });

  it('means nothing in a not-found: a get-ack with an all-zero signature, and only there', () => {
    const unsigned: Entry = { dat: { ...dat, time: 77, signature: bytes(64, 0) }, replicas: [] };
    const notFound = patched(encodeMessage({ op: 'get-ack', entry: unsigned }), DAT_IN_MESSAGE, ...ABOVE);
    expect((decodeMessage(notFound) as GetAck).entry.dat.time).toBe(0);
    expect((decodeMessage(patched(notFound, DAT_IN_MESSAGE, 5, 0, 0, 0, 0, 0, 0, 0)) as GetAck).entry.dat.time).toBe(0);
    const zeroPut = encodeMessage({ op: 'put', entry: unsigned });
    expect((decodeMessage(zeroPut) as Put).entry.dat.time).toBe(77);
    expect(tryDecodeMessage(patched(zeroPut, DAT_IN_MESSAGE, ...ABOVE))).toBe('WIRE_BAD_VALUE');
  });
});

describe('a not-found', () => {
  it('names the author and the key that were asked for, and is recognised', () => {
    const message = decodeMessage(encodeMessage({ op: 'get-ack', entry: notFoundEntry(bytes(32, 9), 'missing') })) as GetAck;
    expect(message.entry).toStrictEqual(notFoundEntry(bytes(32, 9), 'missing'));
    expect(isNotFound(message.entry)).toBe(true);
    expect(isNotFound(entry)).toBe(false);
    expect(isNotFound({ dat: { ...dat, signature: patched(bytes(64, 0), 63, 1) }, replicas: [] })).toBe(false);
    expect(() => notFoundEntry(bytes(31), 'missing')).toThrow(TypeError);
  });
});

describe('claims', () => {
  const ping = encodeMessage({ op: 'ping', challenge: bytes(32), usedSpace: 5n, capacity: 6n });

  it('that are negative count as nothing', () => {
    expect(decodeMessage(patched(ping, 33 + 7, 0x80))).toMatchObject({ usedSpace: 0n, capacity: 6n });
    expect(decodeMessage(patched(ping, 41, ...bytes(8, 0xff)))).toMatchObject({ usedSpace: 5n, capacity: 0n });
    expect((decodeMessage(patched(ping, 41 + 7, 0x7f)) as Ping).capacity).toBe(0x7f00_0000_0000_0006n);
  });
});

describe('put-ack', () => {
  const ack = (code: number): Uint8Array => new Uint8Array([3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9, code]);

  it('has the layout of the specification', () => {
    const message = decodeMessage(ack(4));
    expect(message).toStrictEqual({ op: 'put-ack', storeKey: 0x0807060504030201n, signaturePrefix: bytes(8, 9), code: 4 });
    expect(encodeMessage(message)).toEqual(ack(4));
  });

  it('with a code above 5 is refused', () => {
    for (let code = 0; code < 256; code += 1) {
      if (code <= 5) expect(decodeMessage(ack(code))).toMatchObject({ code });
      else expect(tryDecodeMessage(ack(code))).toBe('WIRE_BAD_VALUE');
    }
    expect(tryDecodeMessage(ack(0).subarray(0, 17))).toBe('WIRE_TRUNCATED');
  });
});

describe('replicas', () => {
  it('keep their places: gaps and repetitions stay, zeros at the end do not', () => {
    const message = decodeMessage(encodeMessage({ op: 'put', entry: { dat, replicas: [0n, 7n, 0n, 7n, 0n] } })) as Put;
    expect(message.entry.replicas).toEqual([0n, 7n, 0n, 7n]);
    for (const id of [1n, 2n ** 31n, 2n ** 32n, 2n ** 63n]) {
      const replicas = [1n, id];
      expect(decodeMessage(encodeMessage({ op: 'put', entry: { dat, replicas } }))).toMatchObject({ entry: { replicas } });
    }
  });
});

describe('length prefixes', () => {
  it('must agree with each other: any other value of any of them is refused', () => {
    const put = encodeMessage({ op: 'put', entry });
    // Entry length, dat length, key length, value length; the high byte, too.
    for (const offset of [1, 2, 43, 44, DAT_IN_MESSAGE + 152, DAT_IN_MESSAGE + 156, DAT_IN_MESSAGE + 157]) {
      for (let value = 0; value < 256; value += 1) {
        if (value === put[offset]) continue;
        expect(tryDecodeMessage(patched(put, offset, value))).toMatch(/^WIRE_(?:TRUNCATED|BAD_LENGTH)$/);
      }
    }
  });

  it('of a dat and an entry alone must fill the bytes exactly', () => {
    for (const [encoded, decode] of [[encodeDat(dat), decodeDat], [encodeEntry(entry), decodeEntry]] as const) {
      expect(() => decode(encoded)).not.toThrow();
      expect(() => decode(new Uint8Array([...encoded, 0]))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_LENGTH' }));
      expect(() => decode(encoded.subarray(0, -1))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_LENGTH' }));
      expect(() => decode(encoded.subarray(0, 100))).toThrow(expect.objectContaining({ code: 'WIRE_TRUNCATED' }));
    }
    expect(() => decodeEntry(bytes(1425))).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LONG' }));
  });
});

describe('packets', () => {
  it('may have 1424 bytes and not one more', () => {
    const largest = encodeMessage({ op: 'get-my-addr-port', extensions: { padToBytes: 1424 } });
    expect(tryDecodeMessage(largest)).toMatchObject({ op: 'get-my-addr-port' });
    expect(tryDecodeMessage(new Uint8Array([...largest, 0]))).toBe('WIRE_TOO_LONG');
  });

  it('with more than 12 addresses in a pong are refused', () => {
    const pong = new Uint8Array(2 + 13 * 18 + 144);
    pong.set([1, 13 * 18]);
    expect(tryDecodeMessage(pong)).toBe('WIRE_BAD_LENGTH');
  });

  it('whose key is not UTF-8 are refused', () => {
    const get = encodeMessage({ op: 'get', publicKey: bytes(32), key: 'ab' });
    expect(tryDecodeMessage(patched(get, 34, 0xc0, 0x80))).toBe('WIRE_NOT_UTF8');
    expect(tryDecodeMessage(patched(encodeMessage({ op: 'put', entry }), DAT_IN_MESSAGE + 153, 0xff))).toBe('WIRE_NOT_UTF8');
  });
});
