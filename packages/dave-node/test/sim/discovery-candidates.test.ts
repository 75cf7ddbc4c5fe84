import type { AddrPort } from '@p2p/dave-wire';
import { parseAddrPort } from '@p2p/dave-wire';
import { afterEach, expect, test } from 'vitest';
import { DiscoveryWorld, goPing } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

test('a PONG cannot make us hammer a third party: at most 3 PINGs', async () => {
  world = new DiscoveryWorld('hammer');
  const victim = await world.puppet('192.0.2.7');
  const liar = await world.answeringPuppet('203.0.113.1', () => [victim.address]);
  await world.node('198.51.100.2', { edges: [liar.addressKey] });
  await world.clock.advance(300_000);
  expect(world.pingsTo(victim.addressKey)).toHaveLength(3);
});

test('a PONG cannot make us hammer a network: its addresses share a rate', async () => {
  world = new DiscoveryWorld('hammer a network');
  let next = 0;
  const liar = await world.answeringPuppet('203.0.113.1', () =>
    Array.from({ length: 12 }, () => ({ address: `192.0.2.${next++ % 250}`, port: 1000 + (next % 60_000) })),
  );
  await world.node('198.51.100.2', { edges: [liar.addressKey], networkPingsPerSecond: 2 });
  await world.clock.advance(60_000);
  const pings = world.sent.filter(({ op, to }) => op === 'ping' && to.startsWith('192.0.2.')).length;
  expect(pings).toBeGreaterThan(60);
  expect(pings).toBeLessThanOrEqual(2 * 60 + 4);
});

test('named addresses are pinged at a bounded rate, and only so many are remembered', async () => {
  world = new DiscoveryWorld('flood of names');
  const random = world.random.fork('names');
  const named = (): AddrPort[] => Array.from({ length: 12 }, () => ({ address: Array.from({ length: 4 }, () => 1 + random.integer(99)).join('.'), port: 4127 }));
  const edges: string[] = [];
  for (let index = 0; index < 20; index++) edges.push((await world.answeringPuppet(`203.0.${index}.1`, named)).addressKey);
  const node = await world.node('198.51.100.2', { edges, candidatePingsPerSecond: 25, maxCandidates: 100 });
  let most = 0;
  for (let second = 0; second < 30; second++) {
    await world.clock.advance(1000);
    most = Math.max(most, node.discovery.candidateCount);
  }
  const pings = world.sent.filter(({ op, to }) => op === 'ping' && !edges.includes(to)).length;
  expect(pings).toBeGreaterThan(20 * 25);
  expect(pings).toBeLessThanOrEqual(31 * 25);
  expect(most).toBeLessThanOrEqual(100);
});

test('port 0, port 65535, unspecified, multicast, broadcast, link-local and our own addresses are never pinged', async () => {
  world = new DiscoveryWorld('bad names');
  const good = await world.puppet('192.0.2.7');
  const bad = ['192.0.2.8:0', '192.0.2.9:65535', '0.0.0.0:4127', '[::]:4127', '224.0.0.1:4127', '[ff02::1]:4127', '255.255.255.255:4127', '169.254.1.1:4127', '[fe80::1]:4127', '198.51.100.2:4127'];
  const liar = await world.answeringPuppet('203.0.113.1', () => [...bad.map(parseAddrPort), good.address]);
  const node = await world.node('198.51.100.2', { edges: [liar.addressKey] });
  await world.clock.advance(20_000);
  expect(good.pings()).toHaveLength(3);
  const targets = new Set(world.sent.filter(({ op, from }) => op === 'ping' && from === node.addressKey).map(({ to }) => to));
  expect(targets).toEqual(new Set([liar.addressKey, good.addressKey]));
});

test.each([
  { teller: '203.0.113.1', tried: ['192.0.2.7:4127'] },
  { teller: '10.0.0.1', tried: ['192.0.2.7:4127', '10.1.1.1:4127', '[fd00::1]:4127'] },
  { teller: '127.0.0.9', tried: ['192.0.2.7:4127', '10.1.1.1:4127', '[fd00::1]:4127', '127.0.0.5:5000'] },
])('of what $teller names, $tried are tried', async ({ teller, tried }) => {
  world = new DiscoveryWorld('private names');
  const named = ['192.0.2.7:4127', '10.1.1.1:4127', '[fd00::1]:4127', '127.0.0.5:5000'].map(parseAddrPort);
  const peer = await world.answeringPuppet(teller, () => named);
  await world.node('198.51.100.2', { edges: [peer.addressKey] });
  await world.clock.advance(5000);
  const targets = new Set(world.sent.filter(({ op, to }) => op === 'ping' && to !== peer.addressKey).map(({ to }) => to));
  expect([...targets]).toEqual(tried);
});

test('what a peer names is ignored until it has proven itself', async () => {
  world = new DiscoveryWorld('unproven teller');
  const victim = await world.puppet('192.0.2.7');
  const liar = await world.puppet('203.0.113.1');
  liar.onMessage = (message, from) => {
    if (message.op !== 'ping') return;
    const pong = liar.pong(message, { addrPorts: [victim.address] });
    pong.solution.signature[0]! ^= 1;
    liar.send(pong, from);
  };
  await world.node('198.51.100.2', { edges: [liar.addressKey] });
  await world.clock.advance(10_000);
  expect(victim.received).toEqual([]);
});

test('who PINGs us becomes a peer, whoever it is', async () => {
  world = new DiscoveryWorld('contact');
  const node = await world.node('198.51.100.2');
  const go = await world.answeringPuppet('203.0.113.1');
  go.send(goPing(world.random), node.address);
  await world.clock.advance(6000);
  expect(node.discovery.byId(go.identity.id)).toMatchObject({ state: 'active', edge: false, sendsPutAck: false, protocolVersion: undefined });
  // The PING that proves the sender goes before the PONG.
  expect(go.received.slice(0, 2).map(({ message }) => message.op)).toEqual(['ping', 'pong']);
});

test('PINGs from forged sources are answered but cannot make us send more than 3 PINGs per address', async () => {
  world = new DiscoveryWorld('forged sources');
  const node = await world.node('198.51.100.2', { maxCandidates: 50, candidatePingsPerSecond: 25 });
  const victim = { address: '192.0.2.7', port: 4127 };
  for (let second = 0; second < 11; second++) {
    world.network.datagram(goPing(world.random), victim, node.address);
    await world.clock.advance(1000);
  }
  expect(world.pingsTo('192.0.2.7:4127')).toHaveLength(3);
  for (let step = 0; step < 3000; step++) {
    world.network.datagram(goPing(world.random), { address: `10.${step % 250}.${step % 199}.7`, port: 4127 }, node.address);
    await world.clock.advance(1);
  }
  expect(node.discovery.candidateCount).toBeLessThanOrEqual(50);
  expect(world.sent.filter(({ op, to }) => op === 'ping' && to.startsWith('10.')).length).toBeLessThanOrEqual(25 * 4);
});

test('a full table takes edges only, and still answers', async () => {
  world = new DiscoveryWorld('full');
  const node = await world.node('198.51.100.2', { maxPeers: 2 });
  const puppets = [];
  for (let index = 1; index <= 4; index++) {
    const puppet = await world.answeringPuppet(`203.0.${index}.1`);
    puppets.push(puppet);
    puppet.send(goPing(world.random), node.address);
    await world.clock.advance(100);
  }
  await world.clock.advance(7000);
  expect(node.discovery.peers()).toHaveLength(2);
  expect(puppets.every(({ received }) => received.some(({ message }) => message.op === 'pong'))).toBe(true);
});

test('a PONG names at most 12 peers, never the asker, no clients, and nothing private to the public', async () => {
  world = new DiscoveryWorld('naming');
  const hosts = ['203.0.113.1', '10.0.0.1', ...Array.from({ length: 16 }, (_, index) => `192.0.${index}.1`)];
  const node = await world.node('198.51.100.2');
  const puppets = [];
  for (const host of hosts) {
    const puppet = await world.answeringPuppet(host);
    puppets.push(puppet);
    puppet.send(goPing(world.random), node.address);
  }
  const client = await world.node('192.0.99.1', { mode: 'client', edges: [node.addressKey] });
  await world.clock.advance(10_000);
  expect(node.discovery.activeCount).toBe(19);
  expect(node.discovery.byId(client.identity.id)).toMatchObject({ state: 'active', client: true });
  for (const [asker, mayHear] of [[puppets[0]!, false], [puppets[1]!, true]] as const) {
    const heard = new Set<string>();
    asker.received.length = 0;
    for (let round = 0; round < 60; round++) asker.send(goPing(world.random), node.address);
    await world.clock.advance(100);
    for (const { message } of asker.received) {
      if (message.op !== 'pong') continue;
      expect(message.addrPorts).toHaveLength(12);
      expect(new Set(message.addrPorts.map(({ address }) => address)).size).toBe(12);
      for (const { address } of message.addrPorts) heard.add(address);
    }
    const expected = hosts.filter((host) => host !== asker.address.address && (mayHear || host !== '10.0.0.1'));
    expect([...heard].sort()).toEqual(expected.sort());
  }
});
