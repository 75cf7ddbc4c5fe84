import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BIND_KEY_OVERHEAD, bindValue, createDat, decodeDat, encodeDat, generateKeyPair, unbindValue, verifyDat, type Dat } from '../../src/api.ts';

const NOW = 1_800_000_000_000;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function create(key: string, value: Uint8Array, bindKey: boolean): Promise<Dat> {
  return createDat({ privateKey: generateKeyPair().privateKey, key, value, bindKey, now: NOW });
}

/** The same signed bytes with the boundary elsewhere: what a third party can do to any dat. Undefined where the key would not be UTF-8. */
function moveBoundary(dat: Dat, keyLength: number): Dat | undefined {
  const all = Uint8Array.from([...text(dat.key), ...dat.value]);
  const key = Buffer.from(all.subarray(0, keyLength)).toString('utf8');
  return text(key).length === keyLength && Buffer.from(text(key)).equals(all.subarray(0, keyLength)) ? { ...dat, key, value: all.subarray(keyLength) } : undefined;
}

it('the protocol lets anyone move the boundary of a dat: one proof serves many entries', async () => {
  const dat = await create('balance/alice', text('100'), false);
  for (const length of [0, 8, 12, 14, 15, 16]) {
    const moved = moveBoundary(dat, length);
    expect(await verifyDat(moved!, { now: NOW })).toEqual({ valid: true });
    expect(unbindValue(moved!)).toMatchObject({ valid: true, bound: false });
  }
});

describe('with bindKey', () => {
  it('a moved boundary still verifies on the wire, and is caught by readers who require the binding', async () => {
    const dat = await create('balance/alice', text('100'), true);
    expect(unbindValue(dat, { require: true })).toEqual({ valid: true, bound: true, value: text('100') });
    for (let length = 0; length < 'balance/alice'.length; length++) {
      const moved = moveBoundary(dat, length)!;
      expect(await verifyDat(decodeDat(encodeDat(moved)), { now: NOW })).toEqual({ valid: true });
      expect(unbindValue(moved, { require: true })).toEqual({ valid: false, reason: 'unbound' });
    }
  });

  it('a boundary moved to the right gives a key that is not UTF-8, which is refused on the wire', async () => {
    const dat = await create('balance/alice', text('100'), true);
    for (let length = 14; length <= 13 + dat.value.length; length++) {
      expect(moveBoundary(dat, length)).toBeUndefined();
      const raw = encodeDat({ ...dat, key: 'x'.repeat(length), value: dat.value.subarray(length - 13) });
      raw.set([...text(dat.key), ...dat.value.subarray(0, length - 13)], 153);
      expect(() => decodeDat(raw)).toThrow(expect.objectContaining({ code: 'WIRE_NOT_UTF8' }));
    }
  });

  it('a binding that stands before another key is refused even where none is required', async () => {
    const dat = await create('k', bindValue('another key', text('v')), false);
    expect(unbindValue(dat)).toEqual({ valid: false, reason: 'boundary-moved' });
    expect(unbindValue(dat, { require: true })).toEqual({ valid: false, reason: 'boundary-moved' });
  });

  it('is no protection for an author who also writes unbound values that others have chosen', async () => {
    const dat = await create('four', Uint8Array.from([...text('key'), ...bindValue('fourkey', text('v'))]), false);
    expect(unbindValue(dat, { require: true })).toEqual({ valid: false, reason: 'unbound' });
    expect(unbindValue(moveBoundary(dat, 7)!, { require: true })).toEqual({ valid: true, bound: true, value: text('v') });
  });
});

it('any key and value come back, whatever the value looks like, and no other boundary does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.uint8Array({ maxLength: 60 }), fc.nat(), (key, value, at) => {
      const bound = bindValue(key, value);
      expect(bound).toHaveLength(value.length + BIND_KEY_OVERHEAD);
      expect(unbindValue({ key, value: bound }, { require: true })).toEqual({ valid: true, bound: true, value });
      const length = at % (text(key).length + bound.length + 1);
      const moved = moveBoundary({ key, value: bound } as Dat, length);
      if (moved !== undefined && length !== text(key).length) expect(unbindValue(moved, { require: true }).valid).toBe(false);
    }),
  );
});

it('values shorter than a binding are plain ones', () => {
  for (const value of [new Uint8Array(0), bindValue('', new Uint8Array(0)).subarray(0, 4)]) {
    expect(unbindValue({ key: '', value })).toEqual({ valid: true, bound: false, value });
    expect(unbindValue({ key: '', value }, { require: true })).toEqual({ valid: false, reason: 'unbound' });
  }
});
