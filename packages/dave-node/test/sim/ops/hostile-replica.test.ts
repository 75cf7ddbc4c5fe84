import type { Message } from '@p2p/dave-wire';
import type { MemoryConnection } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { peerAt } from '../../doubles/peer-directory.ts';
import { OpsWorld, type OpsNode } from './operations-world.ts';

/** A peer that says it acknowledges, takes connections, and then does what it likes. */
async function hostile(world: OpsWorld, node: OpsNode, onConnection: (connection: MemoryConnection<Message>) => void): Promise<{ connections: number }> {
  const seen = { connections: 0 };
  const host = '192.0.2.66';
  const endpoint = await world.network.host(host).bind(`${host}:4127`, {
    onPacket: () => {},
    onConnection: (connection) => {
      seen.connections += 1;
      onConnection(connection as MemoryConnection<Message>);
    },
    onError: () => {},
  });
  const { id, publicKey } = world.identity('hostile');
  node.directory.activate(peerAt(endpoint.address, id, publicKey));
  return seen;
}

const quiet = { onMalformed: (): void => {}, onClosed: (): void => {} };

async function writeTo(onConnection: (connection: MemoryConnection<Message>) => void): Promise<{ outcome: string | undefined; node: OpsNode; connections: number }> {
  const world = new OpsWorld('hostile replica');
  const node = await world.node('192.0.2.1');
  const seen = await hostile(world, node, onConnection);
  const author = world.identity('author');
  const writer = node.operations.batchWriter(author.publicKey);
  const { replicas } = await world.run(writer.write(await world.dat(author, 'key', 'value')), 40_000);
  await world.run(writer.close(), 40_000);
  return { outcome: replicas[0]?.outcome, node, connections: seen.connections };
}

test('a replica that reads everything and confirms nothing is given up', async () => {
  const { outcome } = await writeTo((connection) => connection.start({ ...quiet, onMessage: () => {} }));
  expect(outcome).toBe('unconfirmed');
});

test('a replica that takes connections and drops them is dialled ever less often, and given up', async () => {
  const { outcome, connections } = await writeTo((connection) => connection.destroy());
  expect(outcome).toBe('unconfirmed');
  expect(connections).toBeGreaterThan(2);
  expect(connections).toBeLessThan(30);
});

test('a replica that acknowledges what nobody sent loses its connection', async () => {
  const { outcome, node } = await writeTo((connection) => {
    connection.start({
      ...quiet,
      onMessage: () => {
        for (let count = 0; count < 500; count++) connection.send({ op: 'put-ack', storeKey: 1n, signaturePrefix: new Uint8Array(8), code: 0 });
      },
    });
  });
  expect(outcome).toBe('unconfirmed');
  expect(node.counters.packetsDropped['unasked-put-ack']).toBeLessThan(64 * 30);
  expect(node.counters.connections['lost-with-unconfirmed']).toBeGreaterThan(1);
});
