import type { Dat } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import type { Connection } from '../../../src/transport.ts';
import { GoNode } from './go-node.ts';
import { OpsWorld, type OpsNode } from './operations-world.ts';

async function makeDats(world: OpsWorld, count: number): Promise<{ publicKey: Uint8Array; dats: Dat[] }> {
  const author = world.identity('author');
  const dats = await Promise.all(Array.from({ length: count }, (_, at) => world.dat(author, `key ${at}`, `value ${at}`)));
  return { publicKey: author.publicKey, dats };
}

function missing(world: OpsWorld, node: OpsNode, dats: readonly Dat[]): string[] {
  return dats.filter((dat) => !world.holds(node, dat)).map(({ key }) => key);
}

test('a batch reaches every replica, and the report says so', async () => {
  const world = new OpsWorld('batch');
  const nodes = await world.mesh(5);
  const { publicKey, dats } = await makeDats(world, 1000);
  const writer = nodes[0]!.operations.batchWriter(publicKey);
  const outcomes = await world.run(Promise.all(dats.map((dat) => writer.write(dat))));
  expect(outcomes.every(({ acks, local }) => acks === 4 && local === 'stored')).toBe(true);
  const report = await world.run(writer.close());
  expect(report).toMatchObject({ written: 1000, acked: 1000, failed: 0 });
  expect(report.replicas.map(({ outcomes: { stored } }) => stored)).toEqual([1000, 1000, 1000, 1000]);
  for (const node of nodes) expect(missing(world, node, dats)).toEqual([]);
});

test('lost connections lose no dats', async () => {
  const world = new OpsWorld('reconnect');
  const dialled: Connection[] = [];
  const receiver = await world.node('192.0.2.1');
  const sender: OpsNode = await world.node('192.0.2.2', {
    options: { linkWindow: 200 },
    modules: {
      endpoint: {
        send: (message, to) => outside.send(message, to),
        connect: async (to, signal) => {
          const connection = (await outside.connect(to, signal)) as Connection;
          dialled.push(connection);
          return connection;
        },
      },
    },
  });
  const outside = await world.network.host('192.0.2.3').bind('192.0.2.3:4127', {
    onPacket: () => {},
    onConnection: () => {},
    onError: () => {},
  });
  sender.directory.activate(receiver.peer);
  world.network.setDefaultLink({ latencyMs: () => 10 });
  const { publicKey, dats } = await makeDats(world, 3000);
  const writer = sender.operations.batchWriter(publicKey);
  const writes = Promise.all(dats.map((dat) => writer.write(dat)));
  for (let cut = 0; cut < 3; cut++) {
    await world.clock.runUntil(() => dialled.length > cut, 1000);
    await world.clock.advance(25);
    dialled.at(-1)!.destroy();
  }
  const outcomes = await world.run(writes);
  expect(dialled.length).toBeGreaterThanOrEqual(4);
  expect(outcomes.every(({ acks }) => acks === 1)).toBe(true);
  expect(missing(world, receiver, dats)).toEqual([]);
  expect(await world.run(writer.close())).toMatchObject({ written: 3000, acked: 3000, failed: 0 });
});

test('a Go node gets every dat of a batch: connections are ended and their end awaited', async () => {
  const world = new OpsWorld('batch to go');
  const node = await world.node('192.0.2.1', { options: { linkWindow: 400 } });
  const go = await GoNode.at(world, '192.0.2.7');
  node.directory.activate(go.peer);
  const { publicKey, dats } = await makeDats(world, 1500);
  const writer = node.operations.batchWriter(publicKey);
  for (const dat of dats) void writer.write(dat);
  const report = await world.run(writer.close());
  expect(dats.filter((dat) => !go.holds(dat)).map(({ key }) => key)).toEqual([]);
  expect(go.connections).toBeGreaterThanOrEqual(7);
  expect(report.replicas).toMatchObject([{ delivered: 1500, sampled: 8, sampleFound: 8, outcomes: { sent: 1500 } }]);
  expect(go.frames.every((message) => !('extensions' in message))).toBe(true);
});

test('a Go node that stops in the middle gets the rest again', async () => {
  const world = new OpsWorld('go restarts');
  const node = await world.node('192.0.2.1', { options: { linkWindow: 400 } });
  world.network.setDefaultLink({ latencyMs: () => 8 });
  let go = await GoNode.at(world, '192.0.2.7');
  node.directory.activate(go.peer);
  const { publicKey, dats } = await makeDats(world, 150);
  const writer = node.operations.batchWriter(publicKey);
  for (const dat of dats) void writer.write(dat);
  await world.clock.advance(30);
  expect(go.stored.size).toBeGreaterThan(0);
  world.network.hostAt('192.0.2.7')!.crash();
  go = await GoNode.at(world, '192.0.2.7');
  const report = await world.run(writer.close());
  expect(report.replicas).toMatchObject([{ delivered: 150 }]);
  expect(dats.filter((dat) => !go.holds(dat)).map(({ key }) => key)).toEqual([]);
});

test('an idle batch keeps its connection to a Go node, and what follows arrives', async () => {
  const world = new OpsWorld('idle batch');
  const node = await world.node('192.0.2.1');
  const go = await GoNode.at(world, '192.0.2.7');
  node.directory.activate(go.peer);
  const { publicKey, dats } = await makeDats(world, 2);
  const writer = node.operations.batchWriter(publicKey);
  await world.run(writer.write(dats[0]!));
  await world.clock.advance(10_000);
  await world.run(writer.write(dats[1]!));
  await world.clock.advance(50);
  expect([go.connections, go.closedForSilence]).toEqual([1, 0]);
  expect(dats.every((dat) => go.holds(dat))).toBe(true);
  const beats = go.frames.filter(({ op }) => op === 'get-my-addr-port').length;
  expect(beats).toBeGreaterThanOrEqual(18);
  expect(beats).toBeLessThanOrEqual(21);
});

test('a dead replica is reported and holds nobody up for ever', async () => {
  const world = new OpsWorld('dead replica');
  const [a, b, dead] = await world.mesh(3, { options: { linkGiveUpMs: 3000, connectTimeoutMs: 1000 } });
  dead!.crash();
  const { publicKey, dats } = await makeDats(world, 200);
  const writer = a!.operations.batchWriter(publicKey);
  const writes = Promise.all(dats.map((dat) => writer.write(dat)));
  const report = await world.run(writes.then(() => writer.close()), 10_000);
  expect(report).toMatchObject({ written: 200, acked: 200, failed: 0 });
  expect(report.replicas.find(({ id }) => id === dead!.identity.id)!.outcomes.unconfirmed).toBe(200);
  expect(missing(world, b!, dats)).toEqual([]);
});

test('the stream takes no more than the replicas do', async () => {
  const world = new OpsWorld('stream');
  const [a, b] = await world.mesh(2, { options: { linkWindow: 100 } });
  const { publicKey, dats } = await makeDats(world, 1000);
  const release = b!.verifier.hold();
  const writer = a!.operations.batchWriter(publicKey);
  const stream = writer.writable.getWriter();
  let taken = 0;
  const feeding = (async () => {
    for (const dat of dats) {
      await stream.ready;
      void stream.write(dat);
      taken += 1;
    }
    await stream.close();
  })();
  await world.clock.advance(2000);
  expect(taken).toBeLessThanOrEqual(100 + 64 + 1);
  expect(taken).toBeGreaterThanOrEqual(100);
  release();
  await world.run(feeding);
  expect(missing(world, b!, dats)).toEqual([]);
  expect(await writer.close()).toMatchObject({ written: 1000, acked: 1000 });
});

test('an invalid dat is refused, and errors the stream', async () => {
  const world = new OpsWorld('invalid');
  const [a] = await world.mesh(2);
  const { publicKey, dats } = await makeDats(world, 2);
  const forged = { ...dats[0]!, value: new Uint8Array(3) };
  const writer = a!.operations.batchWriter(publicKey);
  await expect(world.run(writer.write(forged))).rejects.toMatchObject({ code: 'NODE_INVALID_DAT' });
  await expect(world.run(writer.write({ ...forged, value: new Uint8Array(1300) }))).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' });
  const stream = writer.writable.getWriter();
  const settled = Promise.allSettled([stream.write(forged), stream.close(), stream.closed]);
  expect((await world.run(settled))[2]).toMatchObject({ status: 'rejected', reason: { code: 'NODE_INVALID_DAT' } });
});

test('a client without peers says so; closing the node ends a batch', async () => {
  const world = new OpsWorld('ends');
  const client = await world.node('192.0.2.9', { options: { mode: 'client', putTimeoutMs: 500 } });
  const { publicKey, dats } = await makeDats(world, 3);
  const alone = client.operations.batchWriter(publicKey);
  await expect(world.run(alone.write(dats[0]!))).rejects.toMatchObject({ code: 'NODE_NO_PEERS' });
  const [a, b] = await world.mesh(2);
  b!.verifier.hold();
  const writer = a!.operations.batchWriter(publicKey);
  const settled = Promise.allSettled([writer.write(dats[0]!), writer.write(dats[1]!)]);
  await world.clock.advance(50);
  await a!.operations.stop();
  for (const write of await world.run(settled)) expect(write).toMatchObject({ status: 'rejected', reason: { code: 'NODE_CLOSED' } });
  await expect(writer.write(dats[2]!)).rejects.toMatchObject({ code: 'NODE_CLOSED' });
  await expect(writer.close()).rejects.toMatchObject({ code: 'NODE_CLOSED' });
});

test('a replica that turns up during a batch gets what follows', async () => {
  const world = new OpsWorld('newcomer');
  const [a] = await world.mesh(2);
  const late = await world.node('192.0.2.8', { start: false });
  const { publicKey, dats } = await makeDats(world, 20);
  const writer = a!.operations.batchWriter(publicKey);
  await world.run(Promise.all(dats.slice(0, 10).map((dat) => writer.write(dat))));
  a!.directory.activate(late.peer);
  await world.run(Promise.all(dats.slice(10).map((dat) => writer.write(dat))));
  expect(missing(world, late, dats.slice(10))).toEqual([]);
  expect((await world.run(writer.close())).replicas).toHaveLength(2);
});
