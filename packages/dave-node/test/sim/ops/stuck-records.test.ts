import { expect, test } from 'vitest';
import { NodeError } from '../../../src/errors.ts';
import { OpsWorld } from './operations-world.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const never = (): Promise<void> => new Promise(() => {});

test('a put ends at its deadline when the record store is stuck, and has reached the other replicas by then', async () => {
  const world = new OpsWorld('stuck put');
  const [a, b] = await world.mesh(2, {});
  const stuck = await world.node('192.0.2.9', { modules: { persist: never } });
  world.introduce([a!, b!, stuck]);
  const put = await world.run(stuck.operations.put('key', bytes('value'), { timeoutMs: 700 }), 5000);
  const outcomes = new Map(put.replicas.map(({ id, outcome }) => [id, outcome]));
  expect(outcomes.get(stuck.identity.id)).toBe('overloaded');
  expect(outcomes.get(a!.identity.id)).toBe('stored');
  expect(outcomes.get(b!.identity.id)).toBe('stored');
});

test('a reader does not wait for the record store', async () => {
  const world = new OpsWorld('stuck get');
  const [a] = await world.mesh(1);
  const stuck = await world.node('192.0.2.9', { modules: { persist: never } });
  world.introduce([a!, stuck]);
  const { dat } = await world.run(a!.operations.put('key', bytes('value')));
  stuck.store.remove(dat.publicKey, dat.key);
  const startedMs = world.clock.monotonic();
  expect(await world.run(stuck.operations.get(dat.publicKey, 'key'), 10_000)).toMatchObject({ found: true });
  expect(world.clock.monotonic() - startedMs).toBeLessThan(1000);
});

test('an aborted batch does not wait for a stuck record store, nor does one that is closed wait for ever', async () => {
  const world = new OpsWorld('stuck batch');
  const author = world.identity('author');
  const stuck = await world.node('192.0.2.9', { modules: { persist: never } });
  const abort = new AbortController();
  const aborted = stuck.operations.batchWriter(author.publicKey, { signal: abort.signal });
  const write = aborted.write(await world.dat(author, 'a', 'value'));
  await world.clock.advance(10);
  abort.abort(new Error('enough'));
  await expect(world.run(write, 100)).rejects.toThrow('enough');

  const closed = stuck.operations.batchWriter(author.publicKey);
  const outcome = closed.write(await world.dat(author, 'b', 'value'));
  await world.run(closed.close(), 20_000);
  expect((await outcome).local).toBe('overloaded');
});

test('copies of one datagram do not pile up behind a stuck record store', async () => {
  const world = new OpsWorld('stuck datagrams');
  const sender = await world.node('192.0.2.1');
  const stuck = await world.node('192.0.2.9', { modules: { persist: never }, options: { maxPendingVerifications: 50 } });
  const dat = await world.dat(world.identity('author'), 'key', 'value');
  const put = { op: 'put', entry: { dat, replicas: [] }, extensions: { requestId: 1n } } as const;
  for (let copy = 0; copy < 200; copy++) stuck.operations.handlePut(put, sender.address);
  await world.clock.advance(100);
  expect(stuck.counters.puts['overloaded']).toBeGreaterThanOrEqual(150);
});

test('nothing that could not be made durable is called stored, however much has failed', async () => {
  const world = new OpsWorld('forgotten failures');
  const author = world.identity('author');
  const failing = new Set<string>();
  let healthy = false;
  const node = await world.node('192.0.2.9', {
    shardCapacityBytes: 2 ** 20,
    modules: {
      persist: async ({ dat }) => {
        if (!healthy) throw new NodeError('NODE_RECORDS_FAILED', 'full');
        failing.delete(dat.key);
      },
    },
  });
  const dats = await Promise.all(Array.from({ length: 1100 }, (_, at) => world.dat(author, String(at), 'value')));
  for (const dat of dats) {
    failing.add(dat.key);
    await node.operations.ingest.receive({ dat, replicas: [] }, 'tcp', { shed: false });
  }
  expect(await node.operations.ingest.receive({ dat: dats[0]!, replicas: [] }, 'tcp', { shed: false })).toMatchObject({ code: 5 });
  healthy = true;
  for (const dat of dats) {
    const { code } = await node.operations.ingest.receive({ dat, replicas: [] }, 'tcp', { shed: false });
    expect([code, failing.has(dat.key)]).toEqual([1, false]);
  }
});
