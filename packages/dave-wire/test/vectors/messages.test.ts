import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, encodeMessageInto, isNotFound, messageSize } from '../../src/api.ts';
import { fromHex, messageOf, toHex, vectors, type MessageVector } from './vector-files.ts';

type Vector = { name: string; hex: string; length: number; message: MessageVector };
const all = vectors('messages.json') as Vector[];

describe('messages.json', () => {
  it('covers every op of the Go node', () => {
    expect(new Set(all.map(({ message }) => message.op))).toEqual(new Set([0, 1, 2, 4, 5, 6, 7]));
  });

  for (const vector of all.filter(({ name }) => name !== 'get-ack-not-found')) {
    it(`${vector.name} decodes to its message and encodes to its bytes`, () => {
      const expected = messageOf(vector.message);
      expect(decodeMessage(fromHex(vector.hex))).toStrictEqual(expected);
      expect(toHex(encodeMessage(expected))).toBe(vector.hex);
      expect(messageSize(expected)).toBe(vector.length);
    });
  }

  it('get-ack-not-found decodes with time 0, names key and author, and encodes to the bytes of the Go node', () => {
    const vector = all.find(({ name }) => name === 'get-ack-not-found')!;
    const message = decodeMessage(fromHex(vector.hex));
    expect(message).toStrictEqual(messageOf({ ...vector.message, entry: { ...vector.message.entry!, dat: { ...vector.message.entry!.dat, timeMs: 0 } } }));
    expect(message.op === 'get-ack' && isNotFound(message.entry)).toBe(true);
    expect(toHex(encodeMessage(message))).toBe(vector.hex);
  });

  it('encodes into the middle of a buffer and leaves its surroundings alone', () => {
    for (const { hex, length, message } of all) {
      const target = new Uint8Array(length + 20).fill(0xee);
      if (message.op === 5 && /^0+$/.test(message.entry!.dat.signature)) continue;
      expect(encodeMessageInto(messageOf(message), target, 7)).toBe(length);
      expect(toHex(target)).toBe('ee'.repeat(7) + hex + 'ee'.repeat(13));
    }
  });
});
