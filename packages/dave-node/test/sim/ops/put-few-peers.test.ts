import { expect, test } from 'vitest';
import { OpsWorld } from './operations-world.ts';

const value = new TextEncoder().encode('value');

test('a put that waits in vain for as many peers as it demands still writes to those that are there', async () => {
  const world = new OpsWorld('fewer peers than demanded');
  const [writer, other] = await world.mesh(2);
  const pending = writer!.operations.put('key', value, { minAcks: 4, timeoutMs: 3000 });
  const failure: unknown = await world.run(pending.catch((error: unknown) => error));
  expect(failure).toMatchObject({ code: 'NODE_NOT_ENOUGH_ACKS', result: { acks: 2 } });
  const { dat } = (failure as { result: { dat: Parameters<typeof world.holds>[1] } }).result;
  expect(world.holds(other!, dat)).toBe(true);
});

test.each([6, -1, 1.5, Number.NaN, '3'])('a demand of %s acknowledgements is refused at once: no dat has as many replicas', async (minAcks) => {
  const world = new OpsWorld('too many acknowledgements');
  const [writer] = await world.mesh(2);
  const startedMs = world.clock.monotonic();
  await expect(world.run(writer!.operations.put('key', value, { minAcks: minAcks as number, timeoutMs: 3000 }))).rejects.toThrow(TypeError);
  expect(world.clock.monotonic()).toBe(startedMs);
});

test('a client without any peer waits for one until the deadline', async () => {
  const world = new OpsWorld('nobody');
  const client = await world.node('192.0.2.9', { options: { mode: 'client' } });
  const startedMs = world.clock.monotonic();
  await expect(world.run(client.operations.put('key', value, { minAcks: 1, timeoutMs: 3000 }))).rejects.toMatchObject({ code: 'NODE_NO_PEERS' });
  expect(world.clock.monotonic() - startedMs).toBe(3000);
});
