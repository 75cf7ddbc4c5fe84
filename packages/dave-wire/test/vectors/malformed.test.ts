import { describe, expect, it } from 'vitest';
import { decodeMessage, tryDecodeMessage, WireError, type WireErrorCode } from '../../src/api.ts';
import { fromHex, messageOf, vectors, type MessageVector } from './vector-files.ts';

type Vector = { name: string; hex: string; reference: 'accept' | 'error' | 'panic'; message?: MessageVector };
const all = vectors('malformed.json') as Vector[];

/** What the Go node lets pass and we refuse, and why. */
const STRICTER: readonly [RegExp, WireErrorCode][] = [
  [/^unknown-op-3-alone$/, 'WIRE_TRUNCATED'],
  [/^unknown-op-3$/, 'WIRE_BAD_VALUE'],
  [/^unknown-op-/, 'WIRE_UNKNOWN_OP'],
  [/^put-entry-len-1-body-intact$/, 'WIRE_BAD_LENGTH'],
  [/^put-dat-len-9-body-intact$/, 'WIRE_BAD_LENGTH'],
];

function stricter({ name, message }: Vector): WireErrorCode | undefined {
  if (message?.op === 8) return 'WIRE_UNKNOWN_OP';
  if (message?.op === 3 && name.startsWith('random')) return 'WIRE_BAD_VALUE';
  // Go's decoder replaces what is not UTF-8 by U+FFFD in the JSON; none of the keys contains the character itself.
  if (message?.key?.includes('�')) return 'WIRE_NOT_UTF8';
  return STRICTER.find(([pattern]) => pattern.test(name))?.[1];
}

describe('malformed.json', () => {
  for (const vector of all) {
    const bytes = fromHex(vector.hex);
    const code = stricter(vector);
    if (vector.reference === 'accept' && code === undefined) {
      it(`${vector.name} is accepted as by the Go node`, () => {
        expect(tryDecodeMessage(bytes)).toStrictEqual(messageOf(vector.message!));
      });
      continue;
    }
    it(`${vector.name} is refused${code === undefined ? '' : ` with ${code}`}`, () => {
      const result = tryDecodeMessage(bytes);
      expect(result).toEqual(code ?? expect.stringMatching(/^WIRE_(?:EMPTY|TRUNCATED|BAD_LENGTH|TOO_LONG)$/));
      let thrown: unknown;
      try {
        decodeMessage(bytes);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(WireError);
      expect((thrown as WireError).code).toBe(result);
    });
  }

  it('names the reason', () => {
    const codes = Object.fromEntries(all.map(({ name, hex }) => [name, tryDecodeMessage(fromHex(hex))]));
    expect(codes).toMatchObject({
      empty: 'WIRE_EMPTY',
      'ping-truncated-48': 'WIRE_TRUNCATED',
      'pong-2-addrs-truncated-2': 'WIRE_TRUNCATED',
      'pong-0-addrs-one-trailing-byte': 'WIRE_BAD_LENGTH',
      'pong-addr-len-not-multiple-of-18': 'WIRE_BAD_LENGTH',
      'pong-addr-len-18-of-36': 'WIRE_BAD_LENGTH',
      'put-entry-len-zero': 'WIRE_BAD_LENGTH',
      'put-entry-len-65535': 'WIRE_TRUNCATED',
      'put-dat-len-zero': 'WIRE_BAD_LENGTH',
      'put-val-len-60000': 'WIRE_BAD_LENGTH',
      'put-kv-over-max': 'WIRE_TOO_LONG',
      'get-key-len-200-short-buffer': 'WIRE_TRUNCATED',
    });
  });
});
