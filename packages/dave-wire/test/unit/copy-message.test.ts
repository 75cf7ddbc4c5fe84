import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { copyDat, copyMessage, createDat, encodeMessage, generateKeyPair, keyPairFromSeed, solveChallenge, tryDecodeMessage, type Message } from '../../src/index.node.ts';

function buffer(length: number, fill: number): Uint8Array {
  return Buffer.from(new ArrayBuffer(length)).fill(fill);
}

const dat = { time: 1, salt: buffer(16, 1), work: buffer(32, 2), signature: buffer(64, 3), publicKey: buffer(32, 4), key: 'k', value: buffer(9, 5) };
const messages: Message[] = [
  { op: 'ping', challenge: buffer(32, 1), usedSpace: 1n, capacity: 2n, extensions: { requestId: 1n } },
  { op: 'pong', solution: { challenge: buffer(32, 1), salt: buffer(16, 2), publicKey: buffer(32, 3), signature: buffer(64, 4) }, addrPorts: [{ address: '192.0.2.1', port: 1 }] },
  { op: 'put', entry: { dat, replicas: [1n] } },
  { op: 'put-ack', storeKey: 1n, signaturePrefix: buffer(8, 1), code: 0 },
  { op: 'get', publicKey: buffer(32, 1), key: 'k' },
  { op: 'get-ack', entry: { dat, replicas: [] } },
];

test.each(messages)('a copy of $op shares no memory with a packet that came as a Buffer', (message) => {
  const packet = Buffer.from(encodeMessage(message));
  const copy = copyMessage(tryDecodeMessage(packet) as Message);
  packet.fill(0xdb);
  expect(encodeMessage(copy)).toEqual(encodeMessage(message));
});

test('a copied dat shares no memory with fields that are Buffers', () => {
  const copy = copyDat(dat);
  for (const [name, bytes] of Object.entries(dat)) {
    if (bytes instanceof Uint8Array) expect((copy as unknown as Record<string, Uint8Array>)[name]!.buffer).not.toBe(bytes.buffer);
  }
});

test('what is made from Buffers does not change with them', async () => {
  const seed = buffer(32, 7);
  const value = buffer(20, 1);
  const made = await createDat({ privateKey: seed, key: 'k', value });
  value.fill(2);
  expect([...made.value]).toEqual(Array.from({ length: 20 }, () => 1));
  const challenge = buffer(32, 3);
  const solution = solveChallenge(challenge, seed, { bytes: (length) => new Uint8Array(length) });
  challenge.fill(4);
  expect(solution.challenge[0]).toBe(3);
  // The same array with another seed in it is another key.
  const other = generateKeyPair().privateKey;
  seed.set(other);
  const signed = await createDat({ privateKey: seed, key: 'k', value });
  expect(signed.publicKey).toEqual(keyPairFromSeed(other).publicKey);
});
