import { type AddrPort, type Solution, verifySolutionSync } from '@p2p/dave-wire';
import { VirtualClock } from '@p2p/testkit';
import { afterEach, expect, test } from 'vitest';
import type { Clock } from '../../src/env.ts';
import { DiscoveryWorld, goPing, type Puppet, type WorldNode } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

/** A node that has met an answering puppet by its PING at t = 0; the first proof is at 60 ms. */
async function met(modules?: { clock: Clock }): Promise<{ node: WorldNode; peer: Puppet }> {
  const node = await world.node('198.51.100.2', modules === undefined ? {} : { modules });
  const peer = await world.answeringPuppet('203.0.113.1');
  peer.send(goPing(world.random), node.address);
  return { node, peer };
}

test('a peer is active 5, inactive 3 and dropped 12 ping intervals after its first or last proof, to the millisecond', async () => {
  world = new DiscoveryWorld('to the millisecond');
  const { node, peer } = await met();
  await world.clock.advance(10_100);
  peer.onMessage = () => {};
  await world.clock.advance(20_000);
  // First proof at 60, last at 10 100; the third unanswered PING has a quarter of an interval.
  expect(node.log).toEqual(['5060 peer-active', '13350 peer-inactive', '22100 peer-dropped'].map((line) => `${line} ${peer.addressKey}`));
  expect(node.discovery.peers()).toEqual([]);
  expect(node.discovery.byAddressKey(peer.addressKey)).toBeUndefined();
});

test('a peer that was active is so again with its first answer', async () => {
  world = new DiscoveryWorld('again');
  const { node, peer } = await met();
  await world.clock.advance(6100);
  const { onMessage } = peer;
  peer.onMessage = () => {};
  await world.clock.advance(5000);
  peer.onMessage = onMessage;
  await world.clock.advance(1000);
  expect(node.log.map((line) => line.split(' ')[1])).toEqual(['peer-active', 'peer-inactive', 'peer-active']);
});

test('answers with gaps do not add up to activity', async () => {
  world = new DiscoveryWorld('gaps');
  const { node, peer } = await met();
  const { onMessage } = peer;
  // One PING in four is answered.
  let count = 0;
  peer.onMessage = (message, from) => {
    if (message.op !== 'ping' || count++ % 5 === 0) onMessage(message, from);
  };
  await world.clock.advance(60_000);
  expect(node.log).toEqual([]);
  expect(node.discovery.byId(peer.identity.id)?.state).toBe('proven');
});

test('an edge goes inactive but is kept, and serves with its first answer', async () => {
  world = new DiscoveryWorld('edge');
  const edge = await world.answeringPuppet('203.0.113.1');
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  await world.clock.advance(2500);
  const { onMessage } = edge;
  edge.onMessage = () => {};
  await world.clock.advance(60_000);
  expect(node.log).toEqual([`40 peer-active ${edge.addressKey}`, `5290 peer-inactive ${edge.addressKey}`]);
  expect(node.discovery.peers()).toMatchObject([{ edge: true, state: 'unproven', id: 0n }]);
  edge.onMessage = onMessage;
  await world.clock.advance(1500);
  expect(node.discovery.byId(edge.identity.id)?.state).toBe('active');
});

test('a round trip above one ping interval still activates', async () => {
  world = new DiscoveryWorld('slow', { latencyMs: () => 700 });
  const { node, peer } = await met();
  await world.clock.advance(20_000);
  expect(node.discovery.byId(peer.identity.id)).toMatchObject({ state: 'active', srttMs: 1400 });
});

test('suspend does not drop peers: silence is counted in monotonic time', async () => {
  world = new DiscoveryWorld('suspend');
  const { node, peer } = await met();
  await world.clock.advance(10_000);
  world.clock.suspend(3_600_000);
  await world.clock.advance(10_000);
  expect(node.log).toEqual([`5060 peer-active ${peer.addressKey}`]);
});

test('a process that could not run does not hold the silence against its peers', async () => {
  world = new DiscoveryWorld('stopped');
  let stalledMs = 0;
  const clock: Clock = {
    now: () => world.clock.now() + stalledMs,
    monotonic: () => world.clock.monotonic() + stalledMs,
    setTimer: (delayMs, callback) => world.clock.setTimer(delayMs, callback),
  };
  const { node, peer } = await met({ clock });
  await world.clock.advance(10_000);
  // SIGSTOP for a minute: time goes on, timers do not run until afterwards.
  stalledMs += 60_000;
  await world.clock.advance(10_000);
  expect(node.log).toEqual([`5060 peer-active ${peer.addressKey}`]);
  peer.onMessage = () => {};
  await world.clock.advance(4100);
  expect(node.discovery.activeCount).toBe(0);
});

test('a suspected peer that is gone is inactive after three quick PINGs', async () => {
  world = new DiscoveryWorld('suspect');
  const { node, peer } = await met();
  await world.clock.advance(10_100);
  peer.onMessage = () => {};
  peer.received.length = 0;
  node.discovery.suspect(node.discovery.byId(peer.identity.id)!);
  // Asking again while it is under suspicion changes nothing.
  node.discovery.suspect(node.discovery.byId(peer.identity.id)!);
  await world.clock.advance(800);
  expect(peer.pings()).toHaveLength(3);
  expect(node.log.at(-1)).toBe(`10850 peer-inactive ${peer.addressKey}`);
});

test('a suspected peer that answers stays active and is pinged as before', async () => {
  world = new DiscoveryWorld('suspect answers');
  const { node, peer } = await met();
  await world.clock.advance(10_100);
  peer.received.length = 0;
  node.discovery.suspect(node.discovery.byId(peer.identity.id)!);
  await world.clock.advance(5000);
  expect(node.log).toEqual([`5060 peer-active ${peer.addressKey}`]);
  expect(peer.pings().length).toBeLessThanOrEqual(6);
});

test('lost packets do not make peers flap', async () => {
  world = new DiscoveryWorld('loss', { latencyMs: () => 20, loss: 0.1 });
  const nodes: WorldNode[] = [];
  let edges: string[] = [];
  for (let index = 0; index < 5; index++) {
    const node = await world.node(`203.0.${index}.1`, { edges });
    edges = [node.addressKey];
    nodes.push(node);
  }
  await world.clock.advance(120_000);
  expect(nodes.map(({ discovery }) => discovery.activeCount)).toEqual([4, 4, 4, 4, 4]);
  const changes = nodes.reduce((sum, { log }) => sum + log.length, 0);
  // Three PINGs or PONGs in a row are lost once in 150 rounds; 2400 rounds were played.
  expect(changes).toBeLessThan(20 + 2 * 30);
});

test('after stop nothing is sent, awaited or emitted', async () => {
  world = new DiscoveryWorld('stop');
  const { node, peer } = await met();
  await world.clock.advance(6100);
  const waiting = node.discovery.waitForActive(5, { timeoutMs: 60_000 });
  const refused = expect(waiting).rejects.toMatchObject({ code: 'NODE_CLOSED' });
  node.discovery.stop();
  await refused;
  await expect(node.discovery.waitForActive(5, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'NODE_CLOSED' });
  const sent = world.sent.length;
  peer.send(goPing(world.random), node.address);
  const own: AddrPort = node.address;
  peer.send({ op: 'get-my-addr-port' }, own);
  await world.clock.advance(60_000);
  expect(world.sent.length).toBe(sent + 2);
  expect(node.log).toEqual([`5060 peer-active ${peer.addressKey}`]);
});

test('a verification that ends after the peer was dropped changes nothing', async () => {
  world = new DiscoveryWorld('late verdict');
  const verdicts: ((valid: boolean) => void)[] = [];
  const node = await world.node('198.51.100.2', {
    modules: { proofs: { verify: () => new Promise<boolean>((resolve) => verdicts.push(resolve)) } },
  });
  const peer = await world.answeringPuppet('203.0.113.1');
  peer.send(goPing(world.random), node.address);
  await world.clock.advance(20_000);
  expect(node.discovery.candidateCount).toBe(0);
  expect(verdicts.length).toBeGreaterThan(0);
  // Only two answers of one address are verified at once.
  expect(verdicts).toHaveLength(2);
  for (const resolve of verdicts) resolve(true);
  await world.clock.settle();
  expect(node.discovery.peers()).toEqual([]);
  expect(node.counters.packetsDropped['late-pong']).toBe(2);
});

test('a verification that outlives the packet works on copies', async () => {
  world = new DiscoveryWorld('copies');
  const verify = async (solution: Solution, challenge: Uint8Array): Promise<boolean> => {
    const valid = verifySolutionSync(solution, challenge);
    await new Promise<void>((resolve) => world.clock.setTimer(50, resolve));
    return valid;
  };
  const edge = await world.answeringPuppet('203.0.113.1');
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey], modules: { proofs: { verify } } });
  await world.clock.advance(1500);
  expect(node.discovery.byId(edge.identity.id)).toMatchObject({ state: 'active', publicKey: edge.identity.publicKey });
});

test('a verification that ends after stop changes nothing', async () => {
  world = new DiscoveryWorld('verdict after stop');
  let conclude: (valid: boolean) => void = () => {};
  const edge = await world.answeringPuppet('203.0.113.1');
  const node = await world.node('198.51.100.2', {
    edges: [edge.addressKey],
    modules: { proofs: { verify: () => new Promise<boolean>((resolve) => (conclude = resolve)) } },
  });
  await world.clock.advance(500);
  node.discovery.stop();
  const sent = world.sent.length;
  conclude(true);
  await world.clock.advance(500);
  expect(world.sent).toHaveLength(sent);
  expect(node.log).toEqual([]);
});

test('verifications in flight are bounded', async () => {
  world = new DiscoveryWorld('busy');
  const clock: VirtualClock = world.clock;
  let inFlight = 0;
  let most = 0;
  const verify = async (): Promise<boolean> => {
    most = Math.max(most, ++inFlight);
    await new Promise<void>((resolve) => clock.setTimer(500, resolve));
    inFlight--;
    return true;
  };
  const edges: string[] = [];
  for (let index = 0; index < 30; index++) edges.push((await world.answeringPuppet(`203.0.${index}.1`)).addressKey);
  const node = await world.node('198.51.100.2', { edges, maxVerifications: 8, modules: { proofs: { verify } } });
  await clock.advance(10_000);
  expect(most).toBe(8);
  expect(node.counters.packetsDropped['verifier-busy']).toBeGreaterThan(0);
});
