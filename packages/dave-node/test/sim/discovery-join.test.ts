import { afterEach, expect, test } from 'vitest';
import { DiscoveryWorld } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

test('two nodes, one the edge of the other, become active for each other', async () => {
  world = new DiscoveryWorld('two nodes');
  const first = await world.node('203.0.113.1');
  const second = await world.node('198.51.100.2', { edges: [first.addressKey] });
  await world.clock.advance(1500);
  expect(second.discovery.activeCount).toBe(1);
  expect(second.discovery.byId(first.identity.id)?.state).toBe('active');
  await world.clock.advance(6000);
  expect(first.discovery.byId(second.identity.id)).toMatchObject({ state: 'active', edge: false, client: false, sendsPutAck: true, protocolVersion: 1, usedSpace: 7n, capacity: 1000n });
  expect(second.log[0]).toBe(`40 peer-active ${first.addressKey}`);
});

test('a node with a live edge is active in less than 1.5 s', async () => {
  world = new DiscoveryWorld('quick', { latencyMs: () => 400 });
  const edge = await world.node('203.0.113.1');
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey] });
  const waiting = node.discovery.waitForActive(1, { timeoutMs: 1500 });
  await world.clock.runUntilSettled(waiting, 1500);
  expect(world.clock.monotonic()).toBe(800);
});

test('ten nodes that know one of them find all', async () => {
  world = new DiscoveryWorld('ten');
  const first = await world.node('203.0.113.1');
  for (let index = 2; index <= 10; index++) await world.node(`198.51.${index}.1`, { edges: [first.addressKey] });
  await world.clock.advance(20_000);
  expect(world.nodes.map(({ discovery }) => discovery.activeCount)).toEqual(Array.from({ length: 10 }, () => 9));
});
