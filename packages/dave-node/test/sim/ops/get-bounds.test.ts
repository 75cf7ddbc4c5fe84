import { expect, test } from 'vitest';
import { peerAt } from '../../doubles/peer-directory.ts';
import { OpsWorld } from './operations-world.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a get that could ask nobody since too many are in flight says so instead of "not found"', async () => {
  const world = new OpsWorld('too many gets');
  const [a, b] = await world.mesh(2, { options: { maxOutstandingGets: 3 } });
  const gets = Array.from({ length: 5 }, (_, at) => a!.operations.get(b!.identity.publicKey, String(at), { timeoutMs: 500 }));
  const results = await world.run(Promise.allSettled(gets));
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3);
  for (const result of results.slice(3)) expect(result).toMatchObject({ reason: { code: 'NODE_NO_ROOM' } });
});

test('a peer that was asked and floods us with forged answers does not fill the queue for verification', async () => {
  const world = new OpsWorld('answer flood');
  const node = await world.node('192.0.2.1');
  const author = world.identity('author');
  const dat = await world.dat(author, 'key', 'value');
  const host = '192.0.2.66';
  const endpoint = await world.network.host(host).bind(`${host}:4127`, {
    onPacket: (message, from) => {
      if (message.op !== 'get') return;
      const entry = { dat: { ...dat, value: bytes('forged') }, replicas: [] };
      for (let copy = 0; copy < 500; copy++) endpoint.send({ op: 'get-ack', entry, extensions: message.extensions! }, from);
    },
    onConnection: () => {},
    onError: () => {},
  });
  node.directory.activate(peerAt(endpoint.address, 1n, new Uint8Array(32).fill(1)));
  const release = node.verifier.hold();
  const get = node.operations.get(author.publicKey, 'key', { timeoutMs: 300 });
  await world.clock.advance(100);
  expect(node.verifier.pending).toBe(2);
  release();
  expect(await world.run(get)).toMatchObject({ found: false });
});
