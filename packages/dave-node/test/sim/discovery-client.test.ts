import type { Capabilities } from '@p2p/dave-wire';
import { afterEach, expect, test } from 'vitest';
import type { SendGate } from '../../src/core/peers/send-gate.ts';
import { DiscoveryWorld, goPing } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

const OURS: Capabilities = { putAck: true, directedDiscovery: false, client: false, protocolVersion: 1 };

test('a client does not answer a Go PING, and answers ours', async () => {
  world = new DiscoveryWorld('client');
  const client = await world.node('198.51.100.2', { mode: 'client' });
  const peer = await world.answeringPuppet('203.0.113.1');
  for (let second = 0; second < 20; second++) {
    peer.send(goPing(world.random), client.address);
    await world.clock.advance(1000);
  }
  expect(peer.received.some(({ message }) => message.op === 'pong')).toBe(false);
  // It uses the Go node all the same.
  expect(client.discovery.byId(peer.identity.id)?.state).toBe('active');
  peer.send({ ...goPing(world.random), extensions: { capabilities: OURS } }, client.address);
  await world.clock.advance(100);
  expect(peer.received.filter(({ message }) => message.op === 'pong')).toHaveLength(1);
});

test('a client says in its PINGs that it is one', async () => {
  world = new DiscoveryWorld('client says');
  const puppet = await world.puppet('203.0.113.1');
  await world.node('198.51.100.2', { mode: 'client', edges: [puppet.addressKey] });
  await world.node('198.51.100.3', { edges: [puppet.addressKey] });
  await world.clock.advance(100);
  expect(puppet.pings().map(({ message }) => message.op === 'ping' && message.extensions)).toEqual([
    { capabilities: { ...OURS, client: true }, padToBytes: 140 },
    { capabilities: OURS, padToBytes: 140 },
  ]);
});

test('PINGs are padded until the peer has seen an answer of ours, and never for Go nodes', async () => {
  world = new DiscoveryWorld('padding');
  const [one, go, quiet] = [await world.answeringPuppet('203.0.113.1'), await world.answeringPuppet('203.0.114.1'), await world.answeringPuppet('203.0.115.1')];
  const node = await world.node('198.51.100.2', { edges: [one.addressKey, go.addressKey, quiet.addressKey] });
  await world.clock.advance(500);
  one.send({ ...goPing(world.random), extensions: { capabilities: OURS } }, node.address);
  go.send(goPing(world.random), node.address);
  await world.clock.advance(1000);
  const sizes = (to: string): number[] => world.sent.filter((packet) => packet.op === 'ping' && packet.to === to).map(({ bytes }) => bytes);
  expect(sizes(one.addressKey)).toEqual([140, 59]);
  expect(sizes(go.addressKey)).toEqual([140, 59]);
  expect(sizes(quiet.addressKey)).toEqual([140, 140]);
});

test('forged PINGs cannot make a client of a peer', async () => {
  world = new DiscoveryWorld('forged claims');
  const edge = await world.node('203.0.113.1');
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  await world.clock.advance(5000);
  for (let step = 0; step < 100; step++) {
    const forged = { ...goPing(world.random), extensions: { capabilities: { ...OURS, client: true } } };
    // Two between each pair of the peer's own.
    if (step % 10 < 2) world.network.datagram(forged, edge.address, node.address);
    await world.clock.advance(100);
    expect(node.discovery.byId(edge.identity.id)?.client).toBe(false);
    expect(node.discovery.closest(0n, 5)).toHaveLength(1);
  }
  await world.clock.advance(4000);
  expect(node.discovery.byId(edge.identity.id)).toMatchObject({ sendsPutAck: true, client: false });
});

test('what the gate holds back goes out when the address has proven itself, and not at all otherwise', async () => {
  world = new DiscoveryWorld('gate');
  const spent = new Map<string, number>();
  const validated = new Set<string>();
  const asked: string[] = [];
  const gate: SendGate = {
    received: (addressKey, bytes) => spent.set(addressKey, (spent.get(addressKey) ?? 0) - 3 * bytes),
    maySend: (addressKey, bytes, kind) => {
      asked.push(kind);
      const total = (spent.get(addressKey) ?? 0) + bytes;
      if (!validated.has(addressKey) && total > 0) return false;
      spent.set(addressKey, total);
      return true;
    },
    validated: (addressKey) => validated.add(addressKey),
  };
  const node = await world.node('198.51.100.2', { modules: { gate } });
  const go = await world.answeringPuppet('203.0.113.1');
  const ping = goPing(world.random);
  go.send({ op: 'get-my-addr-port' }, node.address);
  await world.clock.advance(30);
  go.send(ping, node.address);
  gate.received(go.addressKey, 49);
  await world.clock.advance(30);
  expect(asked).toEqual(['addr-ack', 'ping', 'pong']);
  // 147 bytes: the PING that proves the sender fits, nothing after it.
  expect(world.sent.filter(({ from }) => from === node.addressKey).map(({ op, bytes }) => [op, bytes])).toEqual([['ping', 140]]);
  await world.clock.advance(100);
  const answers = go.received.filter(({ message }) => message.op !== 'ping').map(({ message }) => message);
  expect(answers.map(({ op }) => op).sort()).toEqual(['get-my-addr-port-ack', 'pong', 'get-my-addr-port'].sort());
  expect(answers.find(({ op }) => op === 'pong')).toMatchObject({ solution: { challenge: ping.challenge } });

  const mute = await world.puppet('203.0.114.1');
  mute.send({ op: 'get-my-addr-port' }, node.address);
  mute.send(goPing(world.random), node.address);
  await world.clock.advance(60_000);
  expect(mute.received).toEqual([]);
  expect(node.counters.packetsDropped['unvalidated']).toBe(1);
});
