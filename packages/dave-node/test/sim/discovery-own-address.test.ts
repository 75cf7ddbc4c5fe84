import { type AddrPort, type Message, formatAddrPort } from '@p2p/dave-wire';
import { afterEach, expect, test } from 'vitest';
import { DiscoveryWorld, goPing, type Puppet } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

const ANYWHERE: AddrPort = { address: '::', port: 4127 };

/** A peer that answers PINGs, and says what it is told to when it is asked for our address. */
async function teller(host: string, says: (from: AddrPort) => AddrPort | undefined): Promise<Puppet> {
  const puppet = await world.puppet(host);
  puppet.onMessage = (message, from) => {
    if (message.op === 'ping') puppet.send(puppet.pong(message), from);
    const address = message.op === 'get-my-addr-port' ? says(from) : undefined;
    if (address !== undefined) puppet.send({ op: 'get-my-addr-port-ack', addrPort: address }, from);
  };
  return puppet;
}

function questions(puppet: Puppet): Message[] {
  return puppet.received.filter(({ message }) => message.op === 'get-my-addr-port').map(({ message }) => message);
}

test('the question of a Go node is answered at once, with the request id of ours', async () => {
  world = new DiscoveryWorld('answer');
  const node = await world.node('198.51.100.2');
  const puppet = await world.puppet('203.0.113.1');
  puppet.send({ op: 'get-my-addr-port' }, node.address);
  puppet.send({ op: 'get-my-addr-port', extensions: { requestId: 77n } }, node.address);
  await world.clock.advance(100);
  expect(puppet.received.map(({ message }) => message)).toEqual([
    { op: 'get-my-addr-port-ack', addrPort: puppet.address },
    { op: 'get-my-addr-port-ack', addrPort: puppet.address, extensions: { requestId: 77n } },
  ]);
});

test('a neighbour on a link is told its address without our zone, which no message can carry', async () => {
  world = new DiscoveryWorld('zone');
  const node = await world.node('fe80::2');
  const puppet = await world.puppet('fe80::1%eth0');
  puppet.send({ op: 'get-my-addr-port' }, node.address);
  await world.clock.advance(100);
  expect(puppet.received.map(({ message }) => message)).toContainEqual({ op: 'get-my-addr-port-ack', addrPort: { address: 'fe80::1', port: puppet.address.port } });
});

test('the majority of networks says what our address is; one vote per network, and asked once per round', async () => {
  world = new DiscoveryWorld('majority');
  const lie = { address: '192.0.2.66', port: 1 };
  const edges: string[] = [];
  const tellers: Puppet[] = [];
  // Three liars of one network come first.
  for (const host of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) tellers.push(await teller(host, () => lie));
  for (const host of ['192.0.10.1', '192.0.11.1', '192.0.12.1', '192.0.13.1', '192.0.14.1']) tellers.push(await teller(host, (from) => from));
  for (const { addressKey } of tellers) edges.push(addressKey);
  const node = await world.node('198.51.100.2', { edges, bound: ANYWHERE });
  await world.clock.advance(20_000);
  expect(node.discovery.ownAddress).toEqual({ address: '198.51.100.2', port: 4127 });
  expect(tellers.reduce((sum, puppet) => sum + questions(puppet).length, 0)).toBe(5);
  expect(questions(tellers[1]!)).toHaveLength(0);
  await world.clock.advance(600_000);
  expect(tellers.reduce((sum, puppet) => sum + questions(puppet).length, 0)).toBe(10);
});

test('a lost answer is asked for again, a silent peer only three times', async () => {
  world = new DiscoveryWorld('silent');
  let count = 0;
  const forgetful = await teller('203.0.113.1', (from) => (++count < 3 ? undefined : from));
  const silent = await teller('203.0.114.1', () => undefined);
  const node = await world.node('198.51.100.2', { edges: [forgetful.addressKey, silent.addressKey], bound: ANYWHERE });
  await world.clock.advance(60_000);
  expect(node.learned).toEqual(['198.51.100.2:4127']);
  expect(questions(silent)).toHaveLength(3);
});

test('answers that were not asked for, come twice, or lack the id that ours send back do not count', async () => {
  world = new DiscoveryWorld('forged answers');
  const edge = await teller('203.0.113.1', () => undefined);
  const forged = { address: '192.0.2.66', port: 666 };
  const { onMessage } = edge;
  const node = await world.node('198.51.100.2', { edges: [], bound: ANYWHERE });
  edge.send({ op: 'get-my-addr-port-ack', addrPort: forged }, node.address);
  // A PING with capabilities: it is one of ours, whose answers carry the id.
  edge.send({ ...goPing(world.random), extensions: { capabilities: { putAck: true, directedDiscovery: false, client: false, protocolVersion: 1 } } }, node.address);
  edge.onMessage = (message, from) => {
    onMessage(message, from);
    if (message.op !== 'get-my-addr-port') return;
    edge.send({ op: 'get-my-addr-port-ack', addrPort: forged }, from);
    edge.send({ op: 'get-my-addr-port-ack', addrPort: forged, extensions: { requestId: 1n } }, from);
  };
  await world.clock.advance(10_000);
  expect(node.learned).toEqual([]);
  expect(node.counters.packetsDropped['unasked-address']).toBe(7);
});

test('a second answer, and one that is too late, change nothing', async () => {
  world = new DiscoveryWorld('second answer');
  const lie = { address: '192.0.2.66', port: 666 };
  const edge = await teller('203.0.113.1', () => undefined);
  const { onMessage } = edge;
  edge.onMessage = (message, from) => {
    onMessage(message, from);
    if (message.op !== 'get-my-addr-port') return;
    edge.send({ op: 'get-my-addr-port-ack', addrPort: from }, from);
    edge.send({ op: 'get-my-addr-port-ack', addrPort: lie }, from);
  };
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey], bound: ANYWHERE });
  await world.clock.advance(500);
  expect(node.learned).toEqual(['198.51.100.2:4127']);
  const late = await teller('203.0.114.1', () => undefined);
  const other = await world.node('198.51.100.3', { edges: [late.addressKey], bound: ANYWHERE });
  await world.clock.advance(500);
  expect(questions(late)).toHaveLength(1);
  late.onMessage = () => {};
  await world.clock.advance(3000);
  late.send({ op: 'get-my-addr-port-ack', addrPort: lie }, other.address);
  await world.clock.advance(100);
  expect(other.learned).toEqual([]);
});

test('an answer of another class than its teller is no answer', async () => {
  world = new DiscoveryWorld('wrong class');
  const edge = await teller('203.0.113.1', () => ({ address: '10.0.0.5', port: 4127 }));
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey], bound: ANYWHERE });
  await world.clock.advance(5000);
  expect(node.discovery.ownAddress).toBeUndefined();
});

test('our learned address is not pinged when peers name it', async () => {
  world = new DiscoveryWorld('named ourselves');
  const edge = await teller('203.0.113.1', (from) => from);
  const { onMessage } = edge;
  edge.onMessage = (message, from) => {
    if (message.op === 'ping') edge.send(edge.pong(message, { addrPorts: [from] }), from);
    else onMessage(message, from);
  };
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey], bound: ANYWHERE });
  await world.clock.advance(20_000);
  expect(node.learned).toEqual(['198.51.100.2:4127']);
  // Named once before the answer was there; our own PING taught us the rest.
  expect(world.pingsTo('198.51.100.2:4127').length).toBeLessThanOrEqual(1);
  expect(node.discovery.activeCount).toBe(1);
});

test('a relay is recognised by the learned address', async () => {
  world = new DiscoveryWorld('relay, learned');
  const honest = await world.node('203.0.113.1');
  const tellers = [await teller('192.0.10.1', (from) => from), await teller('192.0.11.1', (from) => from)];
  const relay = await world.puppet('192.0.2.66');
  const node = await world.node('198.51.100.2', { edges: tellers.map(({ addressKey }) => addressKey), bound: ANYWHERE });
  relay.onMessage = (message, from) => {
    if (formatAddrPort(from) === node.addressKey) relay.send(message, honest.address);
    else if (message.op === 'pong') relay.send({ ...message, addrPorts: [] }, node.address);
  };
  await world.clock.advance(2000);
  for (let second = 0; second < 20; second++) {
    relay.send(goPing(world.random), node.address);
    await world.clock.advance(1000);
  }
  expect(node.counters.packetsDropped['relayed-pong']).toBeGreaterThanOrEqual(3);
  expect(node.discovery.byId(honest.identity.id)).toBeUndefined();
});

test('after our address changed, the peers who see the new one are believed before all are refused', async () => {
  world = new DiscoveryWorld('moved');
  const hosts = ['203.0.113.1', '192.0.10.1', '192.0.11.1', '192.0.12.1', '192.0.13.1'];
  // Our provider translates: peers see us at `seen`, whatever the datagram says.
  let seen = { address: '100.1.1.1', port: 4000 };
  const edges: string[] = [];
  for (const host of hosts) {
    const puppet = await world.puppet(host);
    edges.push(puppet.addressKey);
    puppet.onMessage = (message, from) => {
      if (message.op === 'ping') puppet.send(puppet.pong(message, { boundTo: seen }), from);
      if (message.op === 'get-my-addr-port') puppet.send({ op: 'get-my-addr-port-ack', addrPort: seen }, from);
    };
  }
  const node = await world.node('198.51.100.2', { edges, bound: { address: '10.0.0.5', port: 4127 } });
  await world.clock.advance(10_000);
  expect(node.learned).toEqual(['100.1.1.1:4000']);
  expect(node.discovery.activeCount).toBe(5);
  seen = { address: '100.2.2.2', port: 5000 };
  await world.clock.advance(10_000);
  expect(node.discovery.activeCount).toBe(5);
  expect(node.learned).toEqual(['100.1.1.1:4000', '100.2.2.2:5000']);
  expect(node.counters.packetsDropped['relayed-pong']).toBeLessThanOrEqual(5);
});
