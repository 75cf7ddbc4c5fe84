import { MAX_KEY_AND_VALUE_BYTES, notFoundEntry } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { GoNode } from './go-node.ts';
import { OpsWorld } from './operations-world.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

test('what one node puts another gets, from the closest five', async () => {
  const world = new OpsWorld('put-get');
  const nodes = await world.mesh(8);
  const put = await world.run(nodes[0]!.operations.put('greeting', bytes('hello'), { minAcks: 5 }));
  expect(put.acks).toBe(5);
  expect(put.replicas.map(({ outcome }) => outcome)).toEqual(Array(5).fill('stored'));
  const ids = new Set(put.replicas.map(({ id }) => id));
  const holders = nodes.filter((node) => world.holds(node, put.dat));
  expect(holders.filter((node) => ids.has(node.identity.id))).toHaveLength(5);
  const outsider = nodes.find((node) => !world.holds(node, put.dat))!;
  const got = await world.run(outsider.operations.get(nodes[0]!.identity.publicKey, 'greeting'));
  expect(got).toMatchObject({ found: true });
  if (!got.found) return;
  expect(text(got.entry.dat.value)).toBe('hello');
  expect(ids).toContain(got.source);
  expect(new Set(got.entry.replicas)).toEqual(ids);
});

test('a later put of a key overwrites, also when the clock stands still', async () => {
  const world = new OpsWorld('overwrite');
  const [a, b] = await world.mesh(3);
  const first = await world.run(a!.operations.put('key', bytes('one')));
  const second = await world.run(a!.operations.put('key', bytes('two'), { minAcks: 3 }));
  expect(second.dat.time).toBeGreaterThan(first.dat.time);
  const got = await world.run(b!.operations.get(a!.identity.publicKey, 'key'));
  expect(got.found && text(got.entry.dat.value)).toBe('two');
});

test('a key+value too large is refused before any work', async () => {
  const world = new OpsWorld('too large');
  let signed = 0;
  const node = await world.node('192.0.2.1', {
    modules: {
      createDat: async () => {
        signed += 1;
        throw new Error('no work should be done');
      },
    },
  });
  const value = new Uint8Array(MAX_KEY_AND_VALUE_BYTES - 2);
  await expect(node.operations.put('key', value)).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' });
  await expect(node.operations.put('k'.repeat(256), new Uint8Array(1))).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' });
  await expect(node.operations.put('é'.repeat(128), new Uint8Array(1))).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' });
  await expect(node.operations.put('key', value.subarray(4), { bindKey: true })).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' });
  expect(signed).toBe(0);
});

test('the largest dat that fits reaches peers that acknowledge, without room for a request id', async () => {
  const world = new OpsWorld('full size');
  const [a] = await world.mesh(4);
  const put = await world.run(a!.operations.put('key', new Uint8Array(MAX_KEY_AND_VALUE_BYTES - 3).fill(1), { minAcks: 4 }));
  expect(put.replicas.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored', 'stored']);
});

test('a forged not-found does not end a get', async () => {
  // Slower than any grace for answers that overtake each other.
  const world = new OpsWorld('forged not-found', { latencyMs: () => 400 });
  const [asker, holder] = await world.mesh(2);
  const dat = await world.dat(holder!.identity, 'key', 'true');
  world.plant(holder!, dat);
  const pending = asker!.operations.get(dat.publicKey, 'key');
  await world.clock.advance(1);
  // Somebody spoofs the holder's address; the request id is not known to him.
  asker!.operations.handleGetAck({ op: 'get-ack', entry: notFoundEntry(dat.publicKey, 'key') }, holder!.address);
  expect(await world.run(pending)).toMatchObject({ found: true, source: holder!.identity.id });
});

test('a forged not-found in the name of a Go node does not end a get either', async () => {
  const world = new OpsWorld('forged not-found, Go', { latencyMs: () => 20 });
  const [asker, holder] = await world.mesh(2);
  asker!.directory.activate({ ...holder!.peer, sendsPutAck: false, protocolVersion: undefined });
  const dat = await world.dat(holder!.identity, 'key', 'true');
  world.plant(holder!, dat);
  const pending = asker!.operations.get(dat.publicKey, 'key');
  await world.clock.advance(1);
  asker!.operations.handleGetAck({ op: 'get-ack', entry: notFoundEntry(dat.publicKey, 'key') }, holder!.address);
  expect(await world.run(pending)).toMatchObject({ found: true, source: holder!.identity.id });
});

test('an answer from a peer that was not asked is ignored', async () => {
  const world = new OpsWorld('not asked', { latencyMs: () => 20 });
  const [asker, holder] = await world.mesh(2);
  const dat = await world.dat(holder!.identity, 'key', 'value');
  const pending = asker!.operations.get(dat.publicKey, 'key', { timeoutMs: 1000 });
  await world.clock.advance(1);
  asker!.operations.handleGetAck({ op: 'get-ack', entry: { dat, replicas: [] } }, { address: '198.51.100.9', port: 4127 });
  const other = await world.dat(holder!.identity, 'other key', 'value');
  asker!.operations.handleGetAck({ op: 'get-ack', entry: { dat: other, replicas: [] } }, holder!.address);
  // Not even somebody who has seen the request id may answer in another's place.
  const requestId = world.sent.map(({ message }) => (message.op === 'get' ? message.extensions?.requestId : undefined)).at(-1)!;
  asker!.operations.handleGetAck({ op: 'get-ack', entry: { dat, replicas: [] }, extensions: { requestId } }, { address: '198.51.100.9', port: 4127 });
  expect(await world.run(pending)).toEqual({ found: false, asked: 1, answered: 1 });
  expect(asker!.counters.packetsDropped['unasked-get-ack']).toBe(3);
  expect(world.holds(asker!, dat) || world.holds(asker!, other)).toBe(false);
});

test('a get without peers ends at its deadline with NODE_NO_PEERS', async () => {
  const world = new OpsWorld('no peers');
  const node = await world.node('192.0.2.1');
  const startedMs = world.clock.monotonic();
  const pending = node.operations.get(node.identity.publicKey, 'key', { timeoutMs: 700 });
  await expect(world.run(pending)).rejects.toMatchObject({ code: 'NODE_NO_PEERS' });
  expect(world.clock.monotonic() - startedMs).toBe(700);
});

test('a get that finds no peer at first asks the one that turns up', async () => {
  const world = new OpsWorld('late peer');
  const a = await world.node('192.0.2.1');
  const b = await world.node('192.0.2.2');
  const dat = await world.dat(b.identity, 'key', 'value');
  world.plant(b, dat);
  const pending = a.operations.get(dat.publicKey, 'key');
  await world.clock.advance(300);
  a.directory.activate(b.peer);
  expect(await world.run(pending)).toMatchObject({ found: true, timings: { totalMs: 302 } });
});

test('a get survives lost packets by asking again', async () => {
  const world = new OpsWorld('loss', { loss: 0.6 });
  const [a, b] = await world.mesh(2);
  const dat = await world.dat(b!.identity, 'key', 'value');
  world.plant(b!, dat);
  let found = 0;
  for (let round = 0; round < 40; round++) {
    a!.store.remove(dat.publicKey, 'key');
    if ((await world.run(a!.operations.get(dat.publicKey, 'key'))).found) found += 1;
  }
  // One GET and its answer both pass with probability 0.16; four tries reach 0.50, without them it would be about 6 of 40.
  expect(found).toBeGreaterThanOrEqual(14);
});

test('a forged value is not believed, and the honest answer is waited for', async () => {
  const world = new OpsWorld('forged value');
  const [asker, liar, honest] = await world.mesh(3);
  const dat = await world.dat(honest!.identity, 'key', 'true');
  world.plant(liar!, { ...dat, value: bytes('lies'), time: dat.time + 1 });
  world.plant(honest!, dat);
  world.network.setLink(honest!.host, asker!.host, { latencyMs: () => 100 });
  const got = await world.run(asker!.operations.get(dat.publicKey, 'key'));
  expect(got.found && text(got.entry.dat.value)).toBe('true');
  expect(asker!.counters.gets['invalid-answer']).toBe(1);
});

test('latest takes the newest of all answers, the local copy included, and repairs stale replicas', async () => {
  const world = new OpsWorld('latest');
  const nodes = await world.mesh(4);
  const [reader, fresh, ...stale] = nodes;
  const author = world.identity('author');
  const older = await world.dat(author, 'key', 'old');
  const newer = await world.dat(author, 'key', 'new', { time: older.time + 5 });
  for (const node of [reader!, ...stale]) world.plant(node, older);
  world.plant(fresh!, newer);
  const first = await world.run(reader!.operations.get(author.publicKey, 'key'));
  expect(first.found && text(first.entry.dat.value)).toBe('old');
  const repaired: bigint[] = [];
  reader!.emitter.on('repaired', ({ to }) => repaired.push(to.id));
  const latest = await world.run(reader!.operations.get(author.publicKey, 'key', { mode: 'latest' }));
  expect(latest.found && text(latest.entry.dat.value)).toBe('new');
  await world.clock.advance(100);
  expect(new Set(repaired)).toEqual(new Set(stale.map((node) => node.identity.id)));
  for (const node of nodes) expect(world.holds(node, newer)).toBe(true);
});

test('a silent replica is looked after by discovery', async () => {
  const world = new OpsWorld('suspect');
  const [a, b] = await world.mesh(2);
  b!.crash();
  const got = await world.run(a!.operations.get(b!.identity.publicKey, 'key', { timeoutMs: 2000 }));
  expect(got).toEqual({ found: false, asked: 1, answered: 0 });
  expect(a!.directory.suspected.map(({ id }) => id)).toEqual([b!.identity.id]);
});

test('a datagram that is shed comes through over TCP, where back-pressure holds it', async () => {
  const world = new OpsWorld('shed then tcp');
  const [a, b] = await world.mesh(2, { options: { maxPendingVerifications: 4 } });
  const release = b!.verifier.hold();
  for (let at = 0; at < 2; at++) {
    const filler = await world.dat(world.identity('filler'), `key ${at}`, 'value');
    b!.operations.handlePut({ op: 'put', entry: { dat: filler, replicas: [] } }, a!.address);
  }
  const pending = a!.operations.put('key', bytes('value'), { minAcks: 2 });
  await world.clock.advance(1000);
  release();
  expect(await world.run(pending)).toMatchObject({ acks: 2 });
  expect(world.sent.some(({ message }) => message.op === 'put-ack' && message.code === 5)).toBe(true);
  expect(b!.counters.connections['accepted']).toBe(1);
});

test('a Go node is asked whether it has a dat, and sent it over TCP if it has not', async () => {
  const world = new OpsWorld('put to go');
  const node = await world.node('192.0.2.1');
  const [near, deaf] = [await GoNode.at(world, '192.0.2.71'), await GoNode.at(world, '192.0.2.72')];
  deaf.losesDatagramPuts = true;
  for (const go of [near, deaf]) node.directory.activate(go.peer);
  const put = await world.run(node.operations.put('key', bytes('value'), { minAcks: 3 }));
  expect(put.replicas.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored']);
  expect([near.connections, deaf.connections]).toEqual([0, 1]);
  expect([near, deaf].every((go) => go.holds(put.dat))).toBe(true);
});

test('too few acknowledgements: the error carries what was reached', async () => {
  const world = new OpsWorld('min acks');
  const [a, b, c] = await world.mesh(3);
  c!.crash();
  const pending = a!.operations.put('key', bytes('value'), { minAcks: 3, timeoutMs: 3000 });
  await expect(world.run(pending)).rejects.toMatchObject({ code: 'NODE_NOT_ENOUGH_ACKS', result: { acks: 2 } });
  const dat = a!.store.get(a!.identity.publicKey, 'key', world.clock.now())!.dat;
  expect(world.holds(b!, dat)).toBe(true);
});

test('a ready-made dat is verified before it is written', async () => {
  const world = new OpsWorld('put dat');
  const [a, b] = await world.mesh(2);
  const dat = await world.dat(world.identity('author'), 'key', 'value');
  await expect(world.run(a!.operations.putDat({ ...dat, value: bytes('forged') }))).rejects.toMatchObject({ code: 'NODE_INVALID_DAT' });
  expect(a!.store.count).toBe(0);
  expect(await world.run(a!.operations.putDat(dat, { minAcks: 2 }))).toMatchObject({ acks: 2 });
  expect(world.holds(b!, dat)).toBe(true);
  const older = await world.dat(world.identity('author'), 'key', 'value', { time: dat.time - 1 });
  await expect(world.run(a!.operations.putDat(older))).rejects.toMatchObject({ code: 'NODE_NEWER_EXISTS' });
});

test('a client is no replica, neither by its own ranking nor by that of others', async () => {
  const world = new OpsWorld('client');
  const client = await world.node('192.0.2.9', { options: { mode: 'client' } });
  const a = await world.node('192.0.2.1');
  const b = await world.node('192.0.2.2');
  world.introduce([client, a, b]);
  const mine = await world.run(client.operations.put('key', bytes('value'), { minAcks: 2 }));
  expect(mine.replicas.map(({ id }) => id)).not.toContain(client.identity.id);
  const theirs = await world.run(a.operations.put('key', bytes('value'), { minAcks: 2 }));
  expect(theirs.replicas.map(({ id }) => id)).not.toContain(client.identity.id);
  expect(world.holds(client, theirs.dat)).toBe(false);
  expect((await world.run(client.operations.get(a.identity.publicKey, 'key'))).found).toBe(true);
  expect(world.holds(client, theirs.dat)).toBe(false);
  client.operations.handlePut({ op: 'put', entry: { dat: theirs.dat, replicas: [] }, extensions: { requestId: 1n } }, a.address);
  await world.clock.advance(100);
  expect(world.holds(client, theirs.dat)).toBe(false);
  expect(world.sent.filter(({ message }) => message.op === 'put-ack').map(({ message }) => message)).toContainEqual(expect.objectContaining({ code: 3 }));
});

test('closing settles every wait with NODE_CLOSED', async () => {
  const world = new OpsWorld('closing');
  const [a, b] = await world.mesh(2);
  b!.crash();
  const waits = [a!.operations.get(b!.identity.publicKey, 'key'), a!.operations.put('key', bytes('value'))];
  const settled = Promise.allSettled(waits);
  await world.clock.advance(10);
  await a!.operations.stop();
  for (const wait of await settled) expect(wait).toMatchObject({ status: 'rejected', reason: { code: 'NODE_CLOSED' } });
});

test("an aborted signal ends a wait with the signal's reason", async () => {
  const world = new OpsWorld('abort');
  const [a, b] = await world.mesh(2);
  b!.crash();
  const abort = new AbortController();
  const settled = Promise.allSettled([
    a!.operations.get(b!.identity.publicKey, 'key', { signal: abort.signal }),
    a!.operations.put('key', bytes('value'), { signal: abort.signal }),
  ]);
  await world.clock.advance(10);
  const reason = new Error('enough');
  abort.abort(reason);
  await world.clock.advance(10);
  for (const wait of await settled) expect(wait).toEqual({ status: 'rejected', reason });
});
