import { sortByDistance, peerIdOf, type Dat, type Message } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { GoNode } from './go-node.ts';
import { OpsWorld, type OpsNode } from './operations-world.ts';

/** Intervals of a network in a hurry: a walk takes 200 ms, turns are 50 ms apart. */
const QUICK = { replicateMs: 2000, replicationStaggerMs: 50 } as const;

function closestFive(nodes: readonly OpsNode[], publicKey: Uint8Array): OpsNode[] {
  const byId = new Map(nodes.map((node) => [node.identity.id, node]));
  return sortByDistance(peerIdOf(publicKey), nodes.map(({ identity }) => identity)).slice(0, 5).map(({ id }) => byId.get(id)!);
}

function sentOps(world: OpsWorld, op: Message['op']): typeof world.sent {
  return world.sent.filter(({ message }) => message.op === op);
}

/** Dats of one author that are on their five replicas, in a network at rest. */
async function settledNetwork(world: OpsWorld, size: number, dats: number): Promise<{ nodes: OpsNode[]; held: Dat[]; replicas: OpsNode[] }> {
  const nodes = await world.mesh(size, { options: QUICK });
  const author = world.identity('author');
  const held = await Promise.all(Array.from({ length: dats }, (_, at) => world.dat(author, `key ${at}`, `value ${at}`)));
  const replicas = closestFive(nodes, author.publicKey);
  for (const node of replicas) for (const dat of held) world.plant(node, dat);
  await world.clock.advance(6000);
  world.sent.length = 0;
  return { nodes, held, replicas };
}

function bury(nodes: readonly OpsNode[], dead: readonly OpsNode[]): OpsNode[] {
  for (const node of dead) node.crash();
  const alive = nodes.filter((node) => !dead.includes(node));
  for (const node of alive) for (const gone of dead) node.directory.deactivate(gone.identity.id);
  return alive;
}

test('two dead holders of five are replaced within seconds', async () => {
  const world = new OpsWorld('two dead');
  const { nodes, held, replicas } = await settledNetwork(world, 9, 100);
  const alive = bury(nodes, [replicas[0]!, replicas[3]!]);
  const now = closestFive(alive, held[0]!.publicKey);
  const newcomers = now.filter((node) => !replicas.includes(node));
  expect(newcomers).toHaveLength(2);
  await world.clock.advance(3000);
  for (const node of newcomers) expect(held.filter((dat) => !world.holds(node, dat)).map(({ key }) => key)).toEqual([]);
  // Holders take turns: one sends, the others find it there.
  for (const node of newcomers) {
    const puts = sentOps(world, 'put').filter(({ to }) => to === node.host);
    expect(puts.length).toBeLessThanOrEqual(120);
  }
});

test('each copy is an event of the holder that sent it', async () => {
  const world = new OpsWorld('replicated event');
  const { nodes, held, replicas } = await settledNetwork(world, 7, 5);
  const events: string[] = [];
  for (const node of nodes) node.emitter.on('replicated', ({ dat, to }) => events.push(`${dat.key} to ${to.addressKey} by ${node.host}`));
  const alive = bury(nodes, [replicas[4]!]);
  const newcomer = closestFive(alive, held[0]!.publicKey)[4]!;
  await world.clock.advance(3000);
  expect(events.sort()).toEqual(held.map(({ key }) => `${key} to ${newcomer.peer.addressKey} by ${replicas[0]!.host}`).sort());
});

test('a network at rest is quiet', async () => {
  const world = new OpsWorld('quiet');
  await settledNetwork(world, 7, 20);
  await world.clock.advance(40_000);
  expect(world.sent).toEqual([]);
});

test('a replica that comes back empty is filled again', async () => {
  const world = new OpsWorld('came back empty');
  const { nodes, held, replicas } = await settledNetwork(world, 5, 10);
  const forgetful = replicas[2]!;
  for (const node of nodes) node.directory.deactivate(forgetful.identity.id);
  for (const dat of held) forgetful.store.remove(dat.publicKey, dat.key);
  await world.clock.advance(100);
  for (const node of nodes) if (node !== forgetful) node.directory.activate(forgetful.peer);
  await world.clock.advance(3000);
  expect(held.filter((dat) => !world.holds(forgetful, dat)).map(({ key }) => key)).toEqual([]);
});

test('a replica that could not be reached is looked after by a later walk', async () => {
  const world = new OpsWorld('unreachable for a while');
  const { nodes, held, replicas } = await settledNetwork(world, 6, 3);
  const newcomer = nodes.find((node) => !replicas.includes(node))!;
  world.network.partition([newcomer.host]);
  bury(nodes, [replicas[0]!]);
  await world.clock.advance(4000);
  world.network.heal();
  await world.clock.advance(20_000);
  expect(held.filter((dat) => !world.holds(newcomer, dat)).map(({ key }) => key)).toEqual([]);
});

test('a dat that reached one replica only is brought to the others', async () => {
  const world = new OpsWorld('one copy');
  const nodes = await world.mesh(7, { options: QUICK });
  await world.clock.advance(6000);
  const author = world.identity('author');
  const dat = await world.dat(author, 'key', 'value');
  const replicas = closestFive(nodes, author.publicKey);
  replicas[0]!.operations.handlePut({ op: 'put', entry: { dat, replicas: [] } }, { address: '198.51.100.1', port: 4127 });
  await world.clock.advance(5000);
  for (const node of replicas) expect(world.holds(node, dat)).toBe(true);
});

test('equal time with two values on two nodes converges', async () => {
  const world = new OpsWorld('equal time');
  const nodes = await world.mesh(2, { options: QUICK });
  const author = world.identity('author');
  const one = await world.dat(author, 'key', 'one');
  const two = await world.dat(author, 'key', 'two', { time: one.time });
  await world.clock.advance(6000);
  const from = { address: '198.51.100.1', port: 4127 };
  nodes[0]!.operations.handlePut({ op: 'put', entry: { dat: one, replicas: [] } }, from);
  nodes[1]!.operations.handlePut({ op: 'put', entry: { dat: two, replicas: [] } }, from);
  await world.clock.advance(5000);
  const values = nodes.map((node) => Buffer.from(node.store.get(author.publicKey, 'key', world.clock.now())!.dat.value).toString());
  expect(values[0]).toBe(values[1]);
  // Replaying the other value changes nothing any more.
  for (const node of nodes) for (const dat of [one, two]) node.operations.handlePut({ op: 'put', entry: { dat, replicas: [] } }, from);
  await world.clock.advance(100);
  for (const node of nodes) expect(Buffer.from(node.store.get(author.publicKey, 'key', world.clock.now())!.dat.value).toString()).toBe(values[0]);
});

test('a holder that is behind learns so from the replica that it asks', async () => {
  const world = new OpsWorld('behind');
  const behind = await world.node('192.0.2.1', { options: QUICK });
  const ahead = await world.node('192.0.2.2', { options: QUICK, start: false });
  const author = world.identity('author');
  const older = await world.dat(author, 'key', 'old');
  const newer = await world.dat(author, 'key', 'new', { time: older.time + 1 });
  world.plant(behind, older);
  world.plant(ahead, newer);
  world.introduce([behind, ahead]);
  await world.clock.advance(3000);
  expect(world.holds(behind, newer)).toBe(true);
});

test('replica list differing alone causes no write, event or repair', async () => {
  const world = new OpsWorld('differing list');
  const persisted: string[] = [];
  const node = await world.node('192.0.2.1', {
    options: QUICK,
    modules: {
      persist: async (entry) => {
        persisted.push(entry.dat.key);
      },
    },
  });
  const other = await world.node('192.0.2.2', { options: QUICK });
  world.introduce([node, other]);
  const dat = await world.dat(world.identity('author'), 'key', 'value');
  const from = { address: '198.51.100.1', port: 4127 };
  node.operations.handlePut({ op: 'put', entry: { dat, replicas: [1n, 2n] } }, from);
  await world.clock.advance(10_000);
  const events: string[] = [];
  for (const type of ['stored', 'replicated', 'repaired', 'evicted'] as const) {
    for (const one of [node, other]) one.emitter.on(type, () => events.push(type));
  }
  world.sent.length = 0;
  const written = persisted.length;
  node.operations.handlePut({ op: 'put', entry: { dat, replicas: [7n, 8n, 9n] } }, from);
  await world.clock.advance(10_000);
  expect(events).toEqual([]);
  expect(world.sent).toEqual([]);
  expect(persisted).toHaveLength(written);
  expect(node.store.get(dat.publicKey, 'key', world.clock.now())!.replicas).toEqual([1n, 2n]);
});

test('a dat from the future within skew is not sent on until due', async () => {
  const world = new OpsWorld('future');
  const nodes = await world.mesh(5, { options: { ...QUICK, skewMs: 10_000 } });
  await world.clock.advance(6000);
  const dat = await world.dat(world.identity('author'), 'key', 'value', { time: world.clock.now() + 8000 });
  nodes[0]!.operations.handlePut({ op: 'put', entry: { dat, replicas: [] } }, { address: '198.51.100.1', port: 4127 });
  await world.clock.advance(1000);
  expect(world.holds(nodes[0]!, dat)).toBe(true);
  await world.clock.advance(6900);
  expect(world.sent).toEqual([]);
  await world.clock.advance(2000);
  for (const node of nodes) expect(world.holds(node, dat)).toBe(true);
});

test('a future dat that is put waits until it is due', async () => {
  const world = new OpsWorld('future put');
  const nodes = await world.mesh(3, { options: { ...QUICK, skewMs: 10_000 } });
  const dat = await world.dat(world.identity('author'), 'key', 'value', { time: world.clock.now() + 3000 });
  const pending = nodes[0]!.operations.putDat(dat, { minAcks: 3 });
  await world.clock.advance(2999);
  expect(world.holds(nodes[0]!, dat)).toBe(true);
  expect(sentOps(world, 'put')).toEqual([]);
  expect(await world.run(pending)).toMatchObject({ acks: 3 });
});

test('a Go node takes no turn, and gets what it lacks', async () => {
  const world = new OpsWorld('with go');
  const node = await world.node('192.0.2.1', { options: { ...QUICK, replicationStaggerMs: 1000 } });
  const goes: GoNode[] = [];
  for (let at = 71; at < 74; at++) goes.push(await GoNode.at(world, `192.0.2.${at}`));
  // An author to whom two Go nodes are closer than we are.
  let author = world.identity('author');
  const ids = (): { id: bigint }[] => [node.identity, goes[0]!.peer, goes[1]!.peer];
  for (let at = 0; sortByDistance(author.id, ids())[2]!.id !== node.identity.id; at++) author = world.identity(`author ${at}`);
  const dat = await world.dat(author, 'key', 'value');
  world.plant(node, dat);
  for (const go of goes.slice(0, 2)) node.directory.activate(go.peer);
  await world.clock.advance(10_000);
  expect(goes.map((go) => go.holds(dat))).toEqual([true, true, false]);
  node.directory.activate(goes[2]!.peer);
  // With a turn for each of the two it would take 2 s.
  await world.clock.advance(900);
  expect(goes[2]!.holds(dat)).toBe(true);
  expect(goes.map((go) => go.connections)).toEqual([0, 0, 0]);
});

test('an entry that no longer names us is kept', async () => {
  const world = new OpsWorld('former replica');
  const nodes = await world.mesh(5, { options: QUICK });
  const author = world.identity('author');
  const dat = await world.dat(author, 'key', 'value');
  for (const node of nodes) world.plant(node, dat);
  const late = await Promise.all(Array.from({ length: 12 }, (_, at) => world.node(`192.0.2.${100 + at}`, { options: QUICK })));
  world.introduce([...nodes, ...late]);
  await world.clock.advance(5000);
  const now = closestFive([...nodes, ...late], author.publicKey);
  expect(now.some((node) => late.includes(node))).toBe(true);
  for (const node of [...nodes, ...now]) expect(world.holds(node, dat)).toBe(true);
});
