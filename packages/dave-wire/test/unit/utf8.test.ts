import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/api.ts';
import { decodeUtf8, utf8Length, writeUtf8 } from '../../src/utf8.ts';

const platform = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decodeByPlatform = (bytes: Uint8Array): string | undefined => {
  try {
    return platform.decode(bytes);
  } catch {
    return undefined;
  }
};

describe('UTF-8', () => {
  it('decodes every sequence of up to two bytes as the platform does', () => {
    for (let first = 0; first < 256; first += 1) {
      expect(decodeUtf8(new Uint8Array([first]), 0, 1)).toBe(decodeByPlatform(new Uint8Array([first])));
      for (let second = 0; second < 256; second += 1) {
        const bytes = new Uint8Array([first, second]);
        if (decodeUtf8(bytes, 0, 2) !== decodeByPlatform(bytes)) expect.unreachable(`${first} ${second}`);
      }
    }
  });

  it('decodes three and four bytes at the edges of every range as the platform does', () => {
    const leads = [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
    const trails = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    let accepted = 0;
    for (const lead of leads) {
      for (const second of trails) {
        for (const third of trails) {
          for (const fourth of [undefined, ...trails]) {
            const bytes = new Uint8Array(fourth === undefined ? [lead, second, third] : [lead, second, third, fourth]);
            const text = decodeUtf8(bytes, 0, bytes.length);
            if (text !== decodeByPlatform(bytes)) expect.unreachable(String(bytes));
            if (text !== undefined) accepted += 1;
          }
        }
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });

  it('decodes any bytes as the platform does, and nothing outside start and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), fc.string({ unit: 'binary' }), (noise, start, text) => {
        for (const bytes of [noise, new TextEncoder().encode(text)]) {
          const framed = new Uint8Array([...new Uint8Array(start).fill(0xff), ...bytes, 0x80, 0x80, 0x80]);
          expect(decodeUtf8(framed, start, start + bytes.length)).toBe(decodeByPlatform(bytes));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a BOM', () => {
    expect(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]), 0, 4)).toBe('\ufeffa');
    expect(encodeUtf8('\ufeffa')).toEqual(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]));
  });

  it('encodes any well-formed text as the platform does and refuses lone surrogates', () => {
    const anyUnits = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7ff, max: 0xe000 })), { maxLength: 12 }).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(anyUnits, (text) => {
        if (text.isWellFormed()) {
          expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
          expect(writeUtf8(text, new Uint8Array(100), 7)).toBe(7 + utf8Length(text));
        } else {
          expect(utf8Length(text)).toBe(-1);
          expect(() => encodeUtf8(text)).toThrow(expect.objectContaining({ code: 'WIRE_NOT_UTF8' }));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
