import type { Dat, Message, Put } from '@p2p/dave-wire';
import type { MemoryConnection } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { GoNode } from './go-node.ts';
import { OpsWorld, type OpsNode } from './operations-world.ts';

interface Dialler {
  readonly connection: MemoryConnection<Message>;
  readonly received: Message[];
  readonly closed: () => boolean;
}

/** Somebody at another host who opens a connection to a node. */
async function dial(world: OpsWorld, to: OpsNode, host = '198.51.100.1'): Promise<Dialler> {
  const machine = world.network.hostAt(host) ?? world.network.host(host);
  const ignore = (): void => {};
  const endpoint = await machine.bind(`${host}:0`, { onPacket: ignore, onConnection: ignore, onError: ignore });
  const connection = await world.run(endpoint.connect(to.address, AbortSignal.timeout(60_000)));
  const received: Message[] = [];
  let closed = false;
  connection.start({
    onMessage: (message) => received.push(structuredClone(message)),
    onClosed: () => {
      closed = true;
    },
  });
  return { connection, received, closed: () => closed };
}

async function makeDats(world: OpsWorld, count: number, name = 'author'): Promise<Dat[]> {
  const author = world.identity(name);
  return await Promise.all(Array.from({ length: count }, (_, at) => world.dat(author, `key ${at}`, `value ${at}`)));
}

function put(dat: Dat, extensions?: Put['extensions']): Put {
  return { op: 'put', entry: { dat, replicas: [] }, ...(extensions === undefined ? {} : { extensions }) };
}

const capabilities = { putAck: true, directedDiscovery: false, client: false, protocolVersion: 1 };

test('PUT_ACKs are never written to a dialler that has not sent an extension', async () => {
  const world = new OpsWorld('acks over tcp');
  const node = await world.node('192.0.2.1');
  const [dat, ...more] = await makeDats(world, 3);
  const silent = await dial(world, node);
  silent.connection.send(put(dat!));
  silent.connection.send(put(dat!));
  silent.connection.send({ op: 'get-my-addr-port' });
  await world.clock.advance(100);
  expect(world.holds(node, dat!)).toBe(true);
  expect(silent.received).toEqual([]);

  const reader = await dial(world, node);
  reader.connection.send({ op: 'get-my-addr-port', extensions: { capabilities } });
  reader.connection.send(put(more[0]!));
  reader.connection.send(put(more[1]!, { requestId: 7n }));
  reader.connection.send(put(dat!, { requestId: 8n }));
  await world.clock.advance(100);
  expect(reader.received.map((message) => (message.op === 'put-ack' ? [message.code, message.extensions?.requestId] : message.op))).toEqual([
    [0, undefined],
    [0, 7n],
    [1, 8n],
  ]);
  expect(silent.received).toEqual([]);
});

test('a datagram is acknowledged only when its PUT carries a request id or capabilities', async () => {
  const world = new OpsWorld('acks over udp');
  const node = await world.node('192.0.2.1');
  const [a, b, c] = await makeDats(world, 3);
  const from = { address: '198.51.100.1', port: 4127 };
  node.operations.handlePut(put(a!), from);
  node.operations.handlePut(put(b!, { requestId: 5n }), from);
  node.operations.handlePut(put(c!, { capabilities }), from);
  await world.clock.advance(10);
  expect(node.store.count).toBe(3);
  expect(world.sent.map(({ message }) => (message.op === 'put-ack' ? [message.code, message.extensions?.requestId] : message.op))).toEqual([
    [0, 5n],
    [0, undefined],
  ]);
});

test('a Go writer idle for 3 s loses nothing', async () => {
  const world = new OpsWorld('idle go writer');
  const node = await world.node('192.0.2.1');
  const go = await GoNode.at(world, '192.0.2.7');
  node.directory.activate(go.peer);
  const dats = await makeDats(world, 40);
  // A Go writer sends nothing until it has 32 kB or is closed, and would not notice a closed connection.
  const writer = await dial(world, node, '192.0.2.7');
  await world.clock.advance(3000);
  for (const dat of dats.slice(0, 20)) writer.connection.send(put(dat));
  await world.clock.advance(3000);
  for (const dat of dats.slice(20)) writer.connection.send(put(dat));
  await world.run(writer.connection.end(AbortSignal.timeout(60_000)));
  await world.clock.advance(100);
  expect(dats.filter((dat) => !world.holds(node, dat)).map(({ key }) => key)).toEqual([]);
});

test('a stranger that has delivered valid dats may pause too', async () => {
  const world = new OpsWorld('idle stranger');
  const node = await world.node('192.0.2.1');
  const dats = await makeDats(world, 2);
  const writer = await dial(world, node);
  writer.connection.send(put(dats[0]!));
  await world.clock.advance(3000);
  writer.connection.send(put(dats[1]!));
  await world.clock.advance(100);
  expect(dats.every((dat) => world.holds(node, dat))).toBe(true);
});

test('a stranger without a PUT is closed after a second, one-byte frames or not', async () => {
  const world = new OpsWorld('slow stranger');
  const node = await world.node('192.0.2.1');
  const silent = await dial(world, node);
  const chatty = await dial(world, node);
  await world.clock.advance(900);
  chatty.connection.send({ op: 'get-my-addr-port' });
  expect([silent.closed(), chatty.closed()]).toEqual([false, false]);
  await world.clock.advance(200);
  expect([silent.closed(), chatty.closed()]).toEqual([true, true]);
});

test('no connection without PUTs lasts for ever, not even one of our kind', async () => {
  const world = new OpsWorld('bounded allowance');
  const node = await world.node('192.0.2.1', { options: { connectionAllowanceMs: 10_000 } });
  const writer = await dial(world, node);
  for (let beat = 0; beat < 18; beat++) {
    writer.connection.send({ op: 'get-my-addr-port', extensions: { capabilities } });
    await world.clock.advance(500);
  }
  expect(writer.closed()).toBe(false);
  await world.clock.advance(2000);
  expect(writer.closed()).toBe(true);
});

test('one connection too many is accepted and closed, or takes the place of an idle one', async () => {
  const world = new OpsWorld('connection bounds');
  const node = await world.node('192.0.2.1', { options: { maxConnectionsPerIp: 3, maxConnections: 5 } });
  const dats = await makeDats(world, 8);
  const busy: Dialler[] = [];
  for (let at = 0; at < 3; at++) {
    busy.push(await dial(world, node));
    busy[at]!.connection.send(put(dats[at]!));
  }
  const fourth = await dial(world, node);
  await world.clock.advance(50);
  expect(fourth.closed()).toBe(true);
  expect(busy.some(({ closed }) => closed())).toBe(false);
  const elsewhere = [await dial(world, node, '198.51.100.2'), await dial(world, node, '198.51.100.3')];
  for (const [at, { connection }] of elsewhere.entries()) connection.send(put(dats[3 + at]!));
  const sixth = await dial(world, node, '198.51.100.4');
  await world.clock.advance(50);
  expect(sixth.closed()).toBe(true);
  await world.clock.advance(1500);
  busy[1]!.connection.send(put(dats[6]!));
  busy[2]!.connection.send(put(dats[7]!));
  await world.clock.advance(50);
  const next = await dial(world, node);
  await world.clock.advance(50);
  expect([next.closed(), busy[0]!.closed(), busy[1]!.closed(), busy[2]!.closed()]).toEqual([false, true, false, false]);
});

test('over TCP nothing is dropped: reading pauses while verification is full, and idleness does not count', async () => {
  const world = new OpsWorld('back-pressure');
  const node = await world.node('192.0.2.1', { options: { maxPendingVerifications: 100 } });
  const dats = await makeDats(world, 1000);
  const release = node.verifier.hold();
  const writer = await dial(world, node);
  for (const dat of dats) writer.connection.send(put(dat));
  await world.clock.advance(5000);
  expect(node.verifier.pending).toBe(100);
  expect(writer.closed()).toBe(false);
  release();
  await world.clock.advance(2000);
  expect(dats.filter((dat) => !world.holds(node, dat)).map(({ key }) => key)).toEqual([]);
});

test('over UDP a full queue is answered with overloaded, and known dats are answered all the same', async () => {
  const world = new OpsWorld('overload');
  const node = await world.node('192.0.2.1', { options: { maxPendingVerifications: 20 } });
  const dats = await makeDats(world, 30);
  world.plant(node, dats[29]!);
  const release = node.verifier.hold();
  const from = { address: '198.51.100.1', port: 4127 };
  for (const [at, dat] of dats.entries()) node.operations.handlePut(put(dat, { requestId: BigInt(at) }), from);
  await world.clock.advance(10);
  const codes = (): number[] => world.sent.map(({ message }) => (message.op === 'put-ack' ? message.code : -1));
  expect(codes()).toEqual([...(Array(19).fill(5) as number[]), 1]);
  release();
  await world.clock.advance(10);
  expect(codes().slice(20)).toEqual(Array(10).fill(0));
});

test('a few invalid dats cost the sender its connection', async () => {
  const world = new OpsWorld('invalid dats');
  const node = await world.node('192.0.2.1');
  const dats = await makeDats(world, 10);
  const sender = await dial(world, node);
  const forged = (dat: Dat): Put => put({ ...dat, value: new Uint8Array(3) });
  sender.connection.send(forged(dats[0]!));
  sender.connection.send(forged(dats[1]!));
  sender.connection.send(put(dats[2]!));
  await world.clock.advance(50);
  expect(sender.closed()).toBe(false);
  sender.connection.send(forged(dats[3]!));
  await world.clock.advance(50);
  expect(sender.closed()).toBe(true);
  expect(node.store.count).toBe(1);
});

test('an empty token bucket pauses reading and drops nothing', async () => {
  const world = new OpsWorld('budget');
  let tokens = 10;
  const node = await world.node('192.0.2.1', {
    modules: {
      putBudget: {
        take: () => {
          tokens -= 1;
          if (tokens > 0) return 0;
          tokens = 10;
          return 1500;
        },
      },
    },
  });
  const dats = await makeDats(world, 50);
  const writer = await dial(world, node);
  for (const dat of dats) writer.connection.send(put(dat));
  await world.clock.advance(1000);
  expect(node.store.count).toBe(10);
  await world.clock.advance(6000);
  expect(node.store.count).toBe(50);
});

test('what an entry is acknowledged for is durable', async () => {
  const world = new OpsWorld('durable');
  const writes: PromiseWithResolvers<void>[] = [];
  const node = await world.node('192.0.2.1', {
    modules: {
      persist: () => {
        writes.push(Promise.withResolvers<void>());
        return writes.at(-1)!.promise;
      },
    },
  });
  const [dat] = await makeDats(world, 1);
  const from = { address: '198.51.100.1', port: 4127 };
  const codes = (): number[] => world.sent.map(({ message }) => (message.op === 'put-ack' ? message.code : -1));
  node.operations.handlePut(put(dat!, { requestId: 1n }), from);
  await world.clock.advance(10);
  node.operations.handlePut(put(dat!, { requestId: 2n }), from);
  await world.clock.advance(10);
  expect(node.store.count).toBe(1);
  expect(codes()).toEqual([]);
  writes[0]!.reject(new Error('the disk is full'));
  await world.clock.advance(10);
  expect(codes()).toEqual([5, 5]);
  node.operations.handlePut(put(dat!, { requestId: 3n }), from);
  await world.clock.advance(10);
  writes[1]!.resolve();
  await world.clock.advance(10);
  expect(codes()).toEqual([5, 5, 1]);
});
