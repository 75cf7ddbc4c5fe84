import { expect, test } from 'vitest';
import { addPeers, HOUR, lonelyAddress, memoryCache } from '../open-cache.ts';

const ids = (peers: readonly { id: string }[]): string[] => peers.map(({ id }) => id);

test('best-first gives the best in order', async () => {
  const { cache } = await memoryCache();
  const peers = addPeers(cache, 100);
  for (const [index, id] of peers.entries()) for (let dial = 0; dial < index % 10; dial++) cache.recordSuccess(id, { rttMs: 30 });
  const picked = cache.selectPeers(20, { strategy: 'best-first' });
  const qualities = picked.map(({ quality }) => quality);
  expect(qualities).toEqual(qualities.toSorted((a, b) => b - a));
  const best = [...cache.all()].map(({ quality }) => quality).toSorted((a, b) => b - a).slice(0, 20);
  expect(qualities).toEqual(best);
});

test('more than there are gives all, each once; 0 gives none', async () => {
  const { cache } = await memoryCache({ epsilon: 0.5 });
  const peers = addPeers(cache, 30);
  for (const id of peers.slice(0, 10)) cache.recordSuccess(id);
  for (const id of peers.slice(5, 15)) cache.recordFailure(id);
  for (const strategy of ['best-first', 'epsilon-greedy', 'random', 'thompson'] as const) {
    expect(ids(cache.selectPeers(100, { strategy })).toSorted()).toEqual(peers.toSorted());
    expect(cache.selectPeers(0, { strategy })).toEqual([]);
  }
  expect(() => cache.selectPeers(-1)).toThrow(TypeError);
  expect(() => cache.selectPeers(1.5)).toThrow(TypeError);
});

test('peers that back off come only when nothing else is left, the one whose time is nearest first', async () => {
  const { cache, clock } = await memoryCache();
  const [good, once, twice] = addPeers(cache, 3) as [string, string, string];
  cache.recordSuccess(once, { rttMs: 1 });
  cache.recordFailure(once);
  cache.recordFailure(twice);
  cache.recordFailure(twice);
  expect(ids(cache.selectPeers(1))).toEqual([good]);
  expect(ids(cache.selectPeers(3))).toEqual([good, once, twice]);
  await clock.advance(4 * HOUR);
  expect(ids(cache.selectPeers(2, { strategy: 'best-first' })).toSorted()).toEqual([good, once].toSorted());
});

test('require filters hard, by what was observed before what was claimed', async () => {
  const { cache } = await memoryCache();
  cache.add('claims', ['198.51.100.1:1'], { claims: { relay: true } });
  cache.add('refuted', ['203.0.113.1:1'], { claims: { relay: true } });
  cache.recordSuccess('refuted', { capabilities: { relay: false } });
  cache.add('silent', ['192.0.2.1:1']);
  expect(ids(cache.selectPeers(9, { require: { relay: true } }))).toEqual(['claims']);
  expect(ids(cache.selectPeers(9, { require: { relay: true, natType: 'none' } }))).toEqual([]);
});

test('prefer ranks, family filters and puts that family in front, exclude leaves out', async () => {
  const { cache } = await memoryCache({ epsilon: 0 });
  cache.add('plain', ['198.51.100.1:1']);
  cache.recordSuccess('plain', { rttMs: 1 });
  cache.add('relay', ['203.0.113.1:1', '[2001:db8::7]:1'], { claims: { relay: true } });
  expect(ids(cache.selectPeers(2))).toEqual(['plain', 'relay']);
  expect(ids(cache.selectPeers(2, { prefer: { relay: true } }))).toEqual(['relay', 'plain']);
  const [six] = cache.selectPeers(2, { family: 6 });
  expect(six).toMatchObject({ id: 'relay', addresses: ['[2001:db8::7]:1', '203.0.113.1:1'] });
  expect(ids(cache.selectPeers(2, { exclude: ['plain', 'nobody'] }))).toEqual(['relay']);
});

test('no network gets more than two picks while others exist', async () => {
  const { cache } = await memoryCache({ epsilon: 0.3 });
  for (let index = 0; index < 20; index++) {
    cache.add(`crowd-${index}`, [`198.51.100.${index}:1`]);
    cache.recordSuccess(`crowd-${index}`, { rttMs: 1 });
    cache.add(`six-${index}`, [`[2001:db8:5:${index}::1]:1`]);
    cache.recordSuccess(`six-${index}`, { rttMs: 1 });
    cache.add(`near-${index}`, [`10.0.0.${index}:1`]);
  }
  addPeers(cache, 20);
  for (const strategy of ['best-first', 'epsilon-greedy', 'random', 'thompson'] as const) {
    const picked = ids(cache.selectPeers(40, { strategy }));
    expect(picked.filter((id) => id.startsWith('crowd'))).toHaveLength(2);
    expect(picked.filter((id) => id.startsWith('six'))).toHaveLength(2);
    expect(picked).toHaveLength(40);
    // Nothing else is left: then they come.
    expect(cache.selectPeers(80, { strategy })).toHaveLength(80);
  }
});

test('relays have an address of the target\'s family, in front, and evidence before claims', async () => {
  const { cache } = await memoryCache();
  cache.add('none', ['192.0.2.1:1']);
  cache.add('four', ['198.51.100.1:1'], { claims: { relay: true } });
  cache.add('both', ['10.0.0.3:1', '[2001:db8::1]:1', '203.0.113.1:1'], { claims: { relay: true } });
  cache.add('six', ['[2001:db8:1::1]:1'], { claims: { relay: true } });
  cache.recordSuccess('six', { capabilities: { relay: true }, address: '[2001:db8:1::1]:1' });
  expect(ids(cache.selectRelays(9))[0]).toBe('six');
  expect(ids(cache.selectRelays(9)).toSorted()).toEqual(['both', 'four', 'six']);
  const forFour = cache.selectRelays(9, { target: '198.18.0.9:1' });
  expect(ids(forFour).toSorted()).toEqual(['both', 'four']);
  expect(forFour.find(({ id }) => id === 'both')!.addresses[0]).toBe('203.0.113.1:1');
  expect(ids(cache.selectRelays(9, { target: '/ip6/2001:db8:9::1/udp/1/quic-v1' })).toSorted()).toEqual(['both', 'six']);
  cache.update('both', () => ({ claims: { dualStack: true } }));
  expect(ids(cache.selectRelays(1, { target: '198.18.0.9:1', preferDualStack: true }))).toEqual(['both']);
  expect(() => cache.selectRelays(1, { target: 'nonsense at all' })).toThrow(TypeError);
});

test('a relay with only a near address does not serve a target on the internet', async () => {
  const { cache } = await memoryCache();
  cache.add('near', ['192.168.0.2:1'], { claims: { relay: true } });
  expect(cache.selectRelays(1, { target: '198.51.100.1:1' })).toEqual([]);
  expect(ids(cache.selectRelays(1, { target: '192.168.0.7:1' }))).toEqual(['near']);
});

test('coordinators: observed first, those that back off last', async () => {
  const { cache } = await memoryCache();
  const claims = { coordination: true };
  cache.add('claims', [lonelyAddress(1)], { claims });
  cache.add('resting', [lonelyAddress(2)]);
  cache.recordSuccess('resting', { capabilities: claims });
  cache.recordFailure('resting');
  cache.add('shows', [lonelyAddress(3)]);
  cache.recordSuccess('shows', { capabilities: claims });
  cache.add('other', [lonelyAddress(4)]);
  expect(ids(cache.selectCoordinators(9))).toEqual(['shows', 'claims', 'resting']);
});

test('the same seed gives the same picks, another seed others', async () => {
  const run = async (seed: string): Promise<string[]> => {
    const { cache } = await memoryCache({ epsilon: 0.3 }, seed);
    const peers = addPeers(cache, 300);
    for (const id of peers.slice(0, 100)) cache.recordSuccess(id, { rttMs: 40 });
    const picks: string[] = [];
    for (const strategy of ['epsilon-greedy', 'random', 'thompson', 'best-first'] as const) picks.push(...ids(cache.selectPeers(25, { strategy })));
    return picks;
  };
  expect(await run('one')).toEqual(await run('one'));
  expect(await run('one')).not.toEqual(await run('two'));
});
