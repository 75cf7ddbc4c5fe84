import { expect, test } from 'vitest';
import { SipHash } from '../../../src/core/store/sip-hash.ts';

/**
 * Bytes (7 i + 3) mod 256 hashed by CPython 3.11 (`hash(bytes)` is SipHash-1-3), whose key follows
 * from PYTHONHASHSEED 0 and 4711.
 */
const cpython: { secret: string; hashes: Record<number, string> }[] = [
  {
    secret: '00000000000000000000000000000000',
    hashes: {
      1: '486b06067755d7c9', 2: '068a8ca3bf74c2eb', 3: '711b47561b9b33e2', 7: '8a715eaaf55549aa', 8: '36c186f0aa4cdbeb',
      9: '5176191e3d24cbff', 15: '19ed3f1b38f7e4e2', 16: 'd1c94d62751d7b7b', 31: 'f8d992129081807b', 52: '17de888d5fa24e56',
      255: '621951539b5066e6', 287: '5ca066679cc0515d',
    },
  },
  {
    secret: '3e0696e4ef1d1265c8b90b54aa4706b3',
    hashes: {
      1: '87ff490885b94803', 2: '38b6bddc4538152c', 3: 'cad4d19de9266991', 7: 'a8c68f706b3183af', 8: '64a4a3775b8da2df',
      9: '036f27010fb67e71', 15: '97ece821d62c29a2', 16: '60b288f0662fba3a', 31: '77dd140bcd9c5d93', 52: '7786b39db197b07d',
      255: '705b30ec51e54908', 287: '26a1d4886eb89825',
    },
  },
];

test.each(cpython)('agrees with CPython under the secret $secret', ({ secret, hashes }) => {
  const hash = new SipHash(Uint8Array.from(Buffer.from(secret, 'hex')));
  const got = Object.keys(hashes).map((length) => {
    // Behind other bytes, so that `start` matters.
    const bytes = Uint8Array.from({ length: Number(length) + 5 }, (_, index) => (7 * (index - 5) + 3) & 255);
    hash.hash(new DataView(bytes.buffer), 5, bytes.length);
    return [length, hash.high.toString(16).padStart(8, '0') + hash.low.toString(16).padStart(8, '0')];
  });
  expect(Object.fromEntries(got)).toEqual(hashes);
});

test('another length than 16 bytes is no secret', () => {
  expect(() => new SipHash(new Uint8Array(8))).toThrow(TypeError);
});
