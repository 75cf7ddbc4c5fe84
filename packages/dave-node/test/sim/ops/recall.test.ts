import type { Entry } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { OpsWorld } from './operations-world.ts';

test('a node answers and reads what an earlier run stored before it has all been read back', async () => {
  const world = new OpsWorld('recall');
  const dat = await world.dat(world.identity('author'), 'key', 'value');
  const entry: Entry = { dat, replicas: [] };
  const recall = ({ key }: { key: string }): Promise<Entry | undefined> =>
    new Promise((resolve) => {
      world.clock.setTimer(50, () => resolve(key === 'key' ? entry : undefined));
    });
  const restarted = await world.node('192.0.2.9', { modules: { recall } });
  const [asker] = await world.mesh(1);
  world.introduce([asker!, restarted]);

  expect(await world.run(restarted.operations.get(dat.publicKey, 'key'))).toMatchObject({ found: true, source: 'local' });
  const remote = await world.run(asker!.operations.get(dat.publicKey, 'key'));
  expect(remote).toMatchObject({ found: true, source: restarted.identity.id });
  expect(await world.run(asker!.operations.get(dat.publicKey, 'other'))).toMatchObject({ found: false, answered: 1 });
});

test('a get ends at its deadline while the record store hangs', async () => {
  const world = new OpsWorld('recall hangs');
  const hanging = await world.node('192.0.2.9', { modules: { recall: () => new Promise(() => {}) } });
  const [other] = await world.mesh(1);
  world.introduce([other!, hanging]);
  const startedMs = world.clock.monotonic();
  const result = await world.run(hanging.operations.get(other!.identity.publicKey, 'key', { timeoutMs: 300 }), 5000);
  expect(result.found).toBe(false);
  expect(world.clock.monotonic() - startedMs).toBeLessThan(400);
});

test('a node that cannot tell says nothing, rather than that it has nothing', async () => {
  const world = new OpsWorld('recall unknown');
  const dat = await world.dat(world.identity('author'), 'key', 'value');
  let slow = true;
  const recall = async (): Promise<Entry | 'unknown'> => (slow ? 'unknown' : { dat, replicas: [] });
  const restarted = await world.node('192.0.2.9', { modules: { recall } });
  const [asker] = await world.mesh(1);
  world.introduce([asker!, restarted]);
  const result = asker!.operations.get(dat.publicKey, 'key', { timeoutMs: 4000 });
  world.clock.setTimer(200, () => (slow = false));
  // Asked again meanwhile, as after any loss.
  expect(await world.run(result, 6000)).toMatchObject({ found: true, source: restarted.identity.id });
});
