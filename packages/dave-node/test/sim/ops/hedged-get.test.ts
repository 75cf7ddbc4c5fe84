import { expect, test } from 'vitest';
import { OpsWorld, type OpsNode } from './operations-world.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const KEYS = Array.from({ length: 60 }, (_, at) => `key ${at}`);

/** Eight nodes, of which one has put many dats; a reader that holds none of them. */
async function filled(seed: string): Promise<{ world: OpsWorld; author: Uint8Array; nodes: OpsNode[]; holders: OpsNode[]; reader: OpsNode }> {
  const world = new OpsWorld(seed);
  const nodes = await world.mesh(8);
  const writer = nodes[0]!;
  const puts = await world.run(Promise.all(KEYS.map((key) => writer.operations.put(key, bytes(key), { minAcks: 5 }))));
  const holders = nodes.filter((node) => node !== writer && puts.every(({ dat }) => world.holds(node, dat)));
  const reader = nodes.find((node) => puts.every(({ dat }) => !world.holds(node, dat)))!;
  return { world, author: writer.identity.publicKey, nodes, holders, reader };
}

const served = (nodes: readonly OpsNode[]): number => nodes.reduce((sum, { counters }) => sum + (counters.gets['served-found'] ?? 0) + (counters.gets['served-not-found'] ?? 0), 0);

test('a hedged read asks one replica, another each time', async () => {
  const { world, author, nodes, reader } = await filled('hedged');
  const before = served(nodes);
  for (const key of KEYS) expect((await world.run(reader.operations.get(author, key, { ask: 'hedged' }))).found).toBe(true);
  expect(served(nodes) - before).toBe(KEYS.length);
  expect(nodes.filter(({ counters }) => (counters.gets['served-found'] ?? 0) > 3).length).toBeGreaterThan(3);
});

test('an ordinary read asks five', async () => {
  const { world, author, nodes, reader } = await filled('all');
  const before = served(nodes);
  expect((await world.run(reader.operations.get(author, KEYS[0]!))).found).toBe(true);
  await world.clock.advance(1000);
  expect(served(nodes) - before).toBe(5);
});

test('when the one that is asked is dead, the others are asked after it should have answered', async () => {
  const { world, author, holders, reader } = await filled('dead');
  for (const holder of holders.slice(0, 2)) holder.crash();
  for (const key of KEYS.slice(0, 20)) {
    const got = await world.run(reader.operations.get(author, key, { ask: 'hedged' }));
    expect(got.found && got.timings.totalMs).toBeLessThan(1000);
  }
});

test('when the one that is asked has none, the others are asked at once; nobody has it: a definite no of all', async () => {
  const { world, nodes, reader } = await filled('refused');
  const author = world.identity('somebody');
  const [closest] = reader.directory.closest(author.id, 5);
  const holder = nodes.find(({ identity }) => identity.id === closest!.id)!;
  let found = 0;
  for (let at = 0; at < 20; at++) {
    const dat = await world.dat(author, `single ${at}`, 'v');
    world.plant(holder, dat);
    const got = await world.run(reader.operations.get(author.publicKey, `single ${at}`, { ask: 'hedged' }));
    if (got.found) found += 1;
  }
  expect(found).toBe(20);
  const nowhere = await world.run(reader.operations.get(author.publicKey, 'nowhere', { ask: 'hedged' }));
  expect(nowhere).toEqual({ found: false, asked: 5, answered: 5 });
});

test('latest asks all whatever is said; an unknown way to ask is a TypeError', async () => {
  const { world, author, nodes, reader } = await filled('latest');
  const before = served(nodes);
  await world.run(reader.operations.get(author, KEYS[1]!, { ask: 'hedged', mode: 'latest' }));
  expect(served(nodes) - before).toBe(5);
  await expect(reader.operations.get(author, KEYS[2]!, { ask: 'one' as 'all' })).rejects.toBeInstanceOf(TypeError);
});

test('when the one that is asked lies, the next one is asked', async () => {
  const { world, nodes, reader } = await filled('lies');
  const author = world.identity('lied about');
  const [first, ...rest] = reader.directory.closest(author.id, 5).map(({ id }) => nodes.find(({ identity }) => identity.id === id)!);
  for (let at = 0; at < 20; at++) {
    const dat = await world.dat(author, `key ${at}`, 'true');
    for (const node of rest) world.plant(node, dat);
    world.plant(first!, { ...dat, value: bytes('lie') });
    const got = await world.run(reader.operations.get(author.publicKey, `key ${at}`, { ask: 'hedged' }));
    expect(got.found && new TextDecoder().decode(got.entry.dat.value)).toBe('true');
  }
  expect(reader.counters.gets['invalid-answer']).toBeGreaterThan(0);
});
