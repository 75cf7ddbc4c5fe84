import type { AddrPort, Ping, Pong } from '@p2p/dave-wire';
import { formatAddrPort } from '@p2p/dave-wire';
import { afterEach, expect, test } from 'vitest';
import { DiscoveryWorld, goPing } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

/** Sends what seems to come from somewhere else. */
function forge(pong: Pong, from: AddrPort, to: AddrPort): void {
  world.network.datagram(pong, from, to);
}

test('forged PONGs cannot take an edge offline', async () => {
  world = new DiscoveryWorld('forged');
  const edge = await world.node('203.0.113.1');
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  const forger = await world.puppet('192.0.2.66');
  await world.clock.advance(1000);
  for (let step = 0; step < 200; step++) {
    forge(forger.pong(goPing(world.random)), edge.address, node.address);
    await world.clock.advance(100);
  }
  expect(node.log).toEqual([`40 peer-active ${edge.addressKey}`]);
  const { 'wrong-pong': wrong = 0, 'unasked-pong': unasked = 0 } = node.counters.packetsDropped;
  expect(wrong + unasked).toBe(200);
});

test('a PONG with the right challenge and a wrong signature does not use the challenge up', async () => {
  world = new DiscoveryWorld('eavesdropper');
  const edge = await world.answeringPuppet('203.0.113.1');
  const honest = edge.onMessage;
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  // Somebody who sees the PING is quicker than the edge: with a broken signature, then with a key of its own.
  edge.onMessage = (message, from) => {
    if (message.op !== 'ping') return;
    const broken = edge.pong(message);
    broken.solution.signature[9]! ^= 1;
    forge(broken, edge.address, from);
    world.clock.setTimer(10, () => honest(message, from));
  };
  await world.clock.advance(10_000);
  expect(node.log).toEqual([`50 peer-active ${edge.addressKey}`]);
  expect(node.counters.packetsDropped['wrong-pong']).toBe(10);
});

test('a PONG of another key does not disturb a pinned edge', async () => {
  world = new DiscoveryWorld('pinned');
  const edge = await world.answeringPuppet('203.0.113.1');
  const stranger = world.identity('stranger');
  const honest = edge.onMessage;
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  await world.clock.advance(500);
  edge.onMessage = (message, from) => {
    if (message.op !== 'ping') return;
    edge.send(edge.pong(message, { identity: stranger }), from);
    world.clock.setTimer(10, () => honest(message, from));
  };
  await world.clock.advance(10_000);
  expect(node.log).toEqual([`40 peer-active ${edge.addressKey}`]);
  expect(node.discovery.byId(edge.identity.id)?.state).toBe('active');
  expect(node.counters.packetsDropped['wrong-key']).toBe(10);
});

test('a re-keyed edge comes back after its pin lapses', async () => {
  world = new DiscoveryWorld('re-keyed');
  const edge = await world.answeringPuppet('203.0.113.1');
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  await world.clock.advance(5500);
  const next = world.identity('the edge, installed anew');
  edge.onMessage = (message, from) => {
    if (message.op === 'ping') edge.send(edge.pong(message, { identity: next }), from);
  };
  await world.clock.advance(11_000);
  expect(node.discovery.activeCount).toBe(0);
  expect(node.discovery.byId(next.id)).toBeUndefined();
  await world.clock.advance(3000);
  expect(node.discovery.byId(next.id)).toMatchObject({ state: 'active', edge: true });
  expect(node.discovery.byId(edge.identity.id)).toBeUndefined();
});

test('an edge configured with its key never re-pins', async () => {
  world = new DiscoveryWorld('configured');
  const edge = await world.answeringPuppet('203.0.113.1');
  const keyHex = Array.from(edge.identity.publicKey, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const honest = edge.onMessage;
  const node = await world.node('198.51.100.2', { edges: [`${keyHex}@${edge.addressKey}`] });
  const next = world.identity('impostor');
  edge.onMessage = (message, from) => {
    if (message.op === 'ping') edge.send(edge.pong(message, { identity: next }), from);
  };
  await world.clock.advance(60_000);
  expect(node.discovery.activeCount).toBe(0);
  expect(node.counters.packetsDropped['wrong-key']).toBeGreaterThan(50);
  edge.onMessage = honest;
  await world.clock.advance(1500);
  expect(node.discovery.byId(edge.identity.id)?.state).toBe('active');
  edge.onMessage = () => {};
  await world.clock.advance(30_000);
  edge.onMessage = (message, from) => {
    if (message.op === 'ping') edge.send(edge.pong(message, { identity: next }), from);
  };
  await world.clock.advance(30_000);
  expect(node.discovery.activeCount).toBe(0);
});

/** Stands between `victim` and `honest`: passes PINGs on and hands back the PONGs as its own. */
async function relayBetween(honest: AddrPort): Promise<AddrPort> {
  const relay = await world.puppet('192.0.2.66');
  let asker: AddrPort | undefined;
  relay.onMessage = (message, from) => {
    if (formatAddrPort(from) === formatAddrPort(honest)) {
      if (message.op === 'pong' && asker !== undefined) relay.send({ ...message, addrPorts: [] }, asker);
      return;
    }
    asker = from;
    if (message.op === 'ping') relay.send(message, honest);
  };
  return relay.address;
}

test('a relay cannot become somebody else', async () => {
  world = new DiscoveryWorld('relay');
  const honest = await world.node('203.0.113.1');
  const relay = await relayBetween(honest.address);
  const node = await world.node('198.51.100.2', { edges: [formatAddrPort(relay)] });
  await world.clock.advance(30_000);
  expect(node.counters.packetsDropped['relayed-pong']).toBeGreaterThan(25);
  expect(node.discovery.activeCount).toBe(0);
  expect(node.discovery.byId(honest.identity.id)).toBeUndefined();
});

test('a proxy is fine for an edge whose key is configured', async () => {
  world = new DiscoveryWorld('proxy');
  const honest = await world.node('203.0.113.1');
  const relay = await relayBetween(honest.address);
  const keyHex = Array.from(honest.identity.publicKey, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const node = await world.node('198.51.100.2', { edges: [`${keyHex}@${formatAddrPort(relay)}`] });
  await world.clock.advance(2000);
  expect(node.discovery.byId(honest.identity.id)).toMatchObject({ state: 'active', addressKey: formatAddrPort(relay) });
});

test('our own key elsewhere is dropped', async () => {
  world = new DiscoveryWorld('own key');
  const mirror = await world.puppet('203.0.113.1');
  const other = await world.answeringPuppet('203.0.113.9', () => [mirror.address]);
  const identity = world.identity('mirrored');
  mirror.onMessage = (message, from) => {
    if (message.op === 'ping') mirror.send(mirror.pong(message, { identity }), from);
  };
  const node = await world.node('198.51.100.2', { edges: [mirror.addressKey], modules: { identity } });
  const second = await world.node('198.51.100.3', { edges: [other.addressKey], modules: { identity } });
  await world.clock.advance(30_000);
  expect(node.discovery.activeCount).toBe(0);
  expect(node.discovery.byId(identity.id)).toBeUndefined();
  expect(node.counters.packetsDropped['own-key']).toBe(3);
  // Found through a PONG it is pinged once, and not again when it is named again.
  expect(second.discovery.byId(identity.id)).toBeUndefined();
  expect(world.pingsTo(mirror.addressKey).filter(({ from }) => from === second.addressKey)).toHaveLength(1);
});

test('a key whose id is 0, which means nobody, is refused', async () => {
  world = new DiscoveryWorld('id 0');
  const edge = await world.puppet('203.0.113.1');
  edge.onMessage = (message, from) => {
    if (message.op !== 'ping') return;
    const pong = edge.pong(message);
    edge.send({ ...pong, solution: { ...pong.solution, publicKey: new Uint8Array(32).fill(7, 8) } }, from);
  };
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey], modules: { proofs: { verify: () => true } } });
  await world.clock.advance(5500);
  expect(node.discovery.activeCount).toBe(0);
  expect(node.counters.packetsDropped['bad-key']).toBe(6);
});

test('packets from ourselves are dropped', async () => {
  world = new DiscoveryWorld('self');
  const node = await world.node('203.0.113.1', { edges: ['203.0.113.1:4127'] });
  await world.clock.advance(20_000);
  expect(node.discovery.activeCount).toBe(0);
  // Pinged at 0 and, now known to be us, once per drop time.
  expect(node.counters.packetsDropped['self']).toBe(2);
  expect(world.sent.some(({ op }) => op === 'pong')).toBe(false);
});

test('one live address per key: the first stays until it is silent, then the key may move', async () => {
  world = new DiscoveryWorld('roaming');
  const home = await world.answeringPuppet('203.0.113.1');
  const away = await world.puppet('203.0.113.2');
  const answerAway = (message: { op: string }, from: AddrPort): void => {
    if (message.op === 'ping') away.send(away.pong(message as Ping, { identity: home.identity }), from);
  };
  away.onMessage = answerAway;
  const node = await world.node('198.51.100.2');
  const sayHello = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      away.send(goPing(world.random), node.address);
      await world.clock.advance(1000);
    }
  };
  home.send(goPing(world.random), node.address);
  await world.clock.advance(7000);
  expect(node.discovery.byId(home.identity.id)).toMatchObject({ state: 'active', addressKey: home.addressKey });
  await sayHello(20);
  expect(node.discovery.byId(home.identity.id)).toMatchObject({ state: 'active', addressKey: home.addressKey });
  expect(node.counters.packetsDropped['duplicate-key']).toBeGreaterThan(0);
  home.onMessage = () => {};
  await sayHello(20);
  expect(node.discovery.byId(home.identity.id)).toMatchObject({ state: 'active', addressKey: away.addressKey });
  expect(node.discovery.peers()).toHaveLength(1);
});
