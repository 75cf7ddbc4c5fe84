import { peerIdOf, sortByDistance, type Dat } from '@p2p/dave-wire';
import { uniformLatency } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { OpsWorld, type OpsNode } from './operations-world.ts';

const QUICK = { options: { replicateMs: 4000, replicationStaggerMs: 200, linkGiveUpMs: 3000, connectTimeoutMs: 1000 } } as const;

function lacking(world: OpsWorld, alive: readonly OpsNode[], dats: readonly Dat[]): string[] {
  return dats.flatMap((dat) => {
    const ids = new Set(sortByDistance(peerIdOf(dat.publicKey), alive.map(({ identity }) => identity)).slice(0, 5).map(({ id }) => id));
    return alive.filter((node) => ids.has(node.identity.id) && !world.holds(node, dat)).map((node) => `${dat.key} at ${node.host}`);
  });
}

test.each(['one', 'two', 'three'])('with loss, duplicates, crashes and newcomers every dat ends up on its five closest (seed %s)', async (seed) => {
  const world = new OpsWorld(seed, { latencyMs: uniformLatency(2, 60), loss: 0.1, duplication: 0.05, reordering: 0.1 });
  let alive = await world.mesh(12, QUICK);
  const dats: Dat[] = [];
  const write = async (round: number): Promise<void> => {
    const puts = alive.slice(0, 4).map((node) => node.operations.put(`round ${round}`, new TextEncoder().encode(`${node.host} ${round}`)));
    for (const put of await world.run(Promise.all(puts))) dats.push(put.dat);
  };
  for (let round = 0; round < 4; round++) {
    await write(round);
    const dead = world.random.pick(alive.slice(4));
    dead.crash();
    alive = alive.filter((node) => node !== dead);
    await world.clock.advance(500);
    for (const node of alive) node.directory.deactivate(dead.identity.id);
    const newcomer = await world.node(`192.0.2.${100 + round}`, QUICK);
    for (const node of alive) {
      node.directory.activate(newcomer.peer);
      newcomer.directory.activate(node.peer);
    }
    alive.push(newcomer);
    await world.clock.advance(3000);
  }
  await world.clock.advance(30_000);
  expect(dats).toHaveLength(16);
  expect(lacking(world, alive, dats)).toEqual([]);
  // And then there is peace.
  world.sent.length = 0;
  await world.clock.advance(30_000);
  expect(world.sent).toEqual([]);
});
