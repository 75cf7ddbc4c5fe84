import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copyMessage,
  decodeEntry,
  decodeMessage,
  encodeEntry,
  encodeMessage,
  encodeMessageInto,
  MAX_PACKET,
  messageSize,
  tryDecodeMessage,
  type Extensions,
  type Message,
} from '../../src/api.ts';
import { viewsOf } from '../fuzz/check-packet.ts';
import { entry, extensions, plainMessage } from './arbitrary-message.ts';

/** `items` as they must arrive behind a message of `body` bytes: what does not fit is dropped from the last on. */
function arriving(items: Extensions, body: number): Extensions | undefined {
  const sizes = { trace: 35, requestId: 10, capabilities: 8, target: 10 } as const;
  const names = (Object.keys(sizes) as (keyof typeof sizes)[]).filter((name) => items[name] !== undefined);
  const total = (): number => names.reduce((sum, name) => sum + sizes[name], 2);
  while (names.length > 0 && body + total() > MAX_PACKET) names.pop();
  const rest: Extensions = Object.fromEntries(names.map((name) => [name, items[name]]));
  const padding = (items.padToBytes ?? 0) - body - total();
  if (padding >= 2) rest.padToBytes = items.padToBytes!;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

describe('any message', () => {
  it('decodes from its encoding, with the extensions that fit', () => {
    fc.assert(
      fc.property(plainMessage, extensions, (plain, items) => {
        const body = encodeMessage(plain).length;
        const sent = (plain.op === 'pong' ? plain : { ...plain, extensions: items }) as Message;
        const bytes = encodeMessage(sent);
        const expected = plain.op === 'pong' ? undefined : arriving(items, body);
        expect(decodeMessage(bytes)).toStrictEqual(expected === undefined ? plain : { ...plain, extensions: expected });
        expect(bytes.length).toBe(messageSize(sent));
        expect(bytes.length).toBeLessThanOrEqual(MAX_PACKET);
      }),
      { numRuns: 1500 },
    );
  });

  it('is ended by nothing but its own lengths: a block behind it never changes the message', () => {
    fc.assert(
      fc.property(plainMessage, fc.uint8Array({ maxLength: 60 }), fc.boolean(), (plain, tail, marked) => {
        fc.pre(plain.op !== 'pong');
        const bytes = new Uint8Array([...encodeMessage(plain), ...(marked ? [0xd5, 0x01] : []), ...tail]);
        fc.pre(bytes.length <= MAX_PACKET);
        expect(tryDecodeMessage(bytes)).toMatchObject(plain);
      }),
    );
  });

  it('is refused when it is cut anywhere', () => {
    fc.assert(
      fc.property(plainMessage, fc.nat(), (plain, cut) => {
        const bytes = encodeMessage(plain);
        expect(tryDecodeMessage(bytes.subarray(0, cut % bytes.length))).toMatch(/^WIRE_/);
      }),
    );
  });

  it('is read from inside a larger buffer without a look outside, as views into it', () => {
    fc.assert(
      fc.property(plainMessage, extensions, fc.nat(100), fc.nat(255), (plain, items, start, poison) => {
        const sent = (plain.op === 'pong' ? plain : { ...plain, extensions: items }) as Message;
        const length = messageSize(sent);
        const buffer = new Uint8Array(start + length + 100).fill(poison);
        encodeMessageInto(sent, buffer, start);
        const inside = buffer.subarray(start, start + length);
        const message = decodeMessage(inside);
        expect(message).toStrictEqual(decodeMessage(inside.slice()));
        for (const view of viewsOf(message)) {
          expect(view.buffer).toBe(buffer.buffer);
          expect(view.byteOffset).toBeGreaterThanOrEqual(start);
          expect(view.byteOffset + view.length).toBeLessThanOrEqual(start + length);
        }
        const copy = copyMessage(message);
        expect(copy).toStrictEqual(message);
        const before = structuredClone(copy);
        buffer.fill(0x5a);
        expect(copy).toStrictEqual(before);
      }),
    );
  });

  it('decodes from a Buffer to plain Uint8Arrays', () => {
    fc.assert(
      fc.property(plainMessage, (plain) => {
        for (const view of viewsOf(decodeMessage(Buffer.from(encodeMessage(plain))))) expect(view.constructor).toBe(Uint8Array);
      }),
    );
  });
});

it('any entry decodes from its encoding', () => {
  fc.assert(
    fc.property(entry, (given) => {
      expect(decodeEntry(encodeEntry(given))).toStrictEqual(given);
    }),
  );
});
