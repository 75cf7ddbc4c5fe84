import { expect, test } from 'vitest';
import { OpsWorld, type OpsNode } from './operations-world.ts';

/** A reader that knows one node so far, and a holder that it will meet. */
async function joiningReader(seed: string): Promise<{ world: OpsWorld; reader: OpsNode; known: OpsNode; holder: OpsNode; key: string }> {
  const world = new OpsWorld(seed);
  const [reader, known, holder] = [await world.node('192.0.2.1'), await world.node('192.0.2.2'), await world.node('192.0.2.3')];
  world.plant(holder, await world.dat(holder.identity, 'key', 'value'));
  reader.directory.activate(known.peer);
  return { world, reader, known, holder, key: 'key' };
}

test('a node that is still joining asks the peers that become active during its read', async () => {
  const { world, reader, holder, key } = await joiningReader('joining');
  reader.directory.joining = true;
  const get = reader.operations.get(holder.identity.publicKey, key, { timeoutMs: 5000 });
  world.clock.setTimer(700, () => reader.directory.activate(holder.peer));
  const result = await world.run(get);
  expect(result).toMatchObject({ found: true, source: holder.identity.id });
  expect(world.clock.monotonic()).toBeLessThan(1000);
});

test('when nobody is on the way any more, not found is said at once', async () => {
  const { world, reader, holder, key } = await joiningReader('settled');
  expect(await world.run(reader.operations.get(holder.identity.publicKey, key, { timeoutMs: 5000 }))).toEqual({ found: false, asked: 1, answered: 1 });
  expect(world.clock.monotonic()).toBeLessThan(100);
});

test('a joining that comes to nothing ends the read soon after, one that never ends at its deadline', async () => {
  const { world, reader, holder, key } = await joiningReader('fruitless');
  reader.directory.joining = true;
  world.clock.setTimer(1000, () => (reader.directory.joining = false));
  expect(await world.run(reader.operations.get(holder.identity.publicKey, key, { timeoutMs: 5000 }))).toMatchObject({ found: false });
  expect(world.clock.monotonic()).toBeGreaterThanOrEqual(1000);
  expect(world.clock.monotonic()).toBeLessThan(1300);
  reader.directory.joining = true;
  const startedMs = world.clock.monotonic();
  expect(await world.run(reader.operations.get(holder.identity.publicKey, key, { timeoutMs: 2000 }))).toMatchObject({ found: false });
  expect(world.clock.monotonic() - startedMs).toBeCloseTo(2000, -2);
});
