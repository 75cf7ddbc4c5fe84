import { expect, test } from 'vitest';
import { encodeEntry, encodeEntryInto, type Entry, WireError } from '../../src/index.node.ts';

function entryOf(key: string, valueBytes: number): Entry {
  return {
    dat: {
      time: 1_800_000_000_000,
      salt: new Uint8Array(16).fill(1),
      work: new Uint8Array(32).fill(2),
      signature: new Uint8Array(64).fill(3),
      publicKey: new Uint8Array(32).fill(4),
      key,
      value: new Uint8Array(valueBytes).fill(5),
    },
    replicas: [1n, 2n ** 64n - 1n],
  };
}

test.each([['', 0], ['greeting', 19], ['schlüssel', 1217]] as const)('encodeEntryInto writes what encodeEntry returns, at the offset only (%j, %d bytes)', (key, valueBytes) => {
  const expected = encodeEntry(entryOf(key, valueBytes));
  const target = new Uint8Array(1500).fill(0xee);
  expect(encodeEntryInto(entryOf(key, valueBytes), target, 7)).toBe(expected.length);
  expect(target.subarray(7, 7 + expected.length)).toEqual(expected);
  expect(target.subarray(0, 7).every((byte) => byte === 0xee)).toBe(true);
  expect(target.subarray(7 + expected.length).every((byte) => byte === 0xee)).toBe(true);
});

test('an entry above 1424 bytes is too long, a target without room is a mistake', () => {
  expect(() => encodeEntryInto(entryOf('k', 1227), new Uint8Array(3000))).toThrow(WireError);
  expect(encodeEntryInto(entryOf('k', 1226), new Uint8Array(1424))).toBe(1424);
  expect(() => encodeEntryInto(entryOf('k', 10), new Uint8Array(208), 1)).toThrow(TypeError);
});
