import { afterEach, expect, test } from 'vitest';
import { DiscoveryWorld, INTERVALS, type WorldNode } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

const HOSTS = Array.from({ length: 12 }, (_, index) => `192.0.${index}.1`);

/** What must hold at any moment of any run. */
function check(node: WorldNode): void {
  const { discovery, identity } = node;
  const ids = new Set<bigint>();
  let active = 0;
  for (const peer of discovery.peers()) {
    if (peer.id !== 0n) {
      expect(ids.has(peer.id), 'two addresses of one key').toBe(false);
      ids.add(peer.id);
      expect(peer.id).not.toBe(identity.id);
      expect(discovery.byId(peer.id)?.address).toEqual(peer.address);
    }
    expect(peer.id === 0n).toBe(peer.state === 'unproven');
    if (peer.state !== 'active') continue;
    active++;
    // Nobody is active on the strength of an old proof.
    expect(world.clock.monotonic() - peer.lastProofMs!).toBeLessThanOrEqual((INTERVALS.deactivateAfter + 0.25) * INTERVALS.pingMs);
  }
  expect(discovery.activeCount).toBe(active);
  expect([...discovery.active()]).toHaveLength(active);
}

test.each(['a', 'b', 'c', 'd'])('through crashes, restarts, moves, partitions and bad links, then all find all again (seed %s)', { timeout: 60_000 }, async (seed) => {
  world = new DiscoveryWorld(`churn ${seed}`, {
    latencyMs: (random) => 5 + random.float() * 200,
    loss: 0.05,
    duplication: 0.05,
    reordering: 0.05,
    reorderDelayMs: 300,
  });
  const random = world.random.fork('events');
  const edges = [`${HOSTS[0]}:4127`, `${HOSTS[1]}:4127`];
  const alive = new Map<string, WorldNode>();
  let generation = 0;
  const boot = async (host: string, seedOfKey: string): Promise<void> => {
    alive.set(host, await world.node(host, { edges, seed: seedOfKey }));
  };
  const keys = new Map(HOSTS.map((host) => [host, `key of ${host}`]));
  for (const host of HOSTS) await boot(host, keys.get(host)!);
  for (let round = 0; round < 24; round++) {
    const host = random.pick(HOSTS);
    const node = alive.get(host);
    switch (random.integer(4)) {
      case 0:
        node?.crash();
        alive.delete(host);
        break;
      case 1:
        // A restart; with a new key every other time.
        if (random.chance(0.5)) keys.set(host, `key ${generation++}`);
        node?.crash();
        await boot(host, keys.get(host)!);
        break;
      case 2:
        world.network.partition(random.shuffled(HOSTS).slice(0, 5));
        break;
      default:
        world.network.heal();
    }
    for (let second = 0; second < 5; second++) {
      await world.clock.advance(1000);
      for (const each of alive.values()) check(each);
    }
  }
  world.network.heal();
  world.network.setDefaultLink({ loss: 0, reordering: 0 });
  for (const host of HOSTS) if (!alive.has(host)) await boot(host, keys.get(host)!);
  // Long enough for those that failed each other twice across a partition.
  await world.clock.advance(75_000);
  for (const node of alive.values()) check(node);
  expect(Array.from(alive.values(), ({ discovery }) => discovery.activeCount)).toEqual(HOSTS.map(() => HOSTS.length - 1));
});
