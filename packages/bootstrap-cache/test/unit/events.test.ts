import { expect, test } from 'vitest';
import { memoryCache } from '../open-cache.ts';

test('changes are reported, until the listener is disposed of or its signal aborts', async () => {
  const { cache } = await memoryCache();
  const seen: string[] = [];
  const listener = cache.on('updated', ({ id, change }) => seen.push(`${change} ${id}`));
  const controller = new AbortController();
  let others = 0;
  cache.on('updated', () => (others += 1), { signal: controller.signal });
  cache.add('a', ['198.51.100.1:1']);
  cache.add('a', ['198.51.100.2:1']);
  cache.recordFailure('a');
  controller.abort();
  cache.remove('a');
  listener[Symbol.dispose]();
  cache.add('b', ['198.51.100.1:1']);
  expect(seen).toEqual(['added a', 'changed a', 'changed a', 'removed a']);
  expect(others).toBe(3);
});

test('stats count what there is', async () => {
  const { cache } = await memoryCache();
  expect(cache.stats()).toMatchObject({ peers: 0, averageQuality: 0, dirty: false, degraded: false });
  cache.addSeed('seed', ['198.51.100.1:1']);
  cache.add('relay', ['203.0.113.1:1'], { claims: { relay: true, coordination: true, dualStack: true } });
  cache.recordSuccess('relay');
  cache.add('gone', ['203.0.113.2:1']);
  cache.recordFailure('gone');
  expect(cache.stats()).toMatchObject({ peers: 3, seeds: 1, proven: 1, untested: 1, backingOff: 1, relays: 1, coordinators: 1, dualStackRelays: 1, networks: 2, dirty: true });
});

test('bad options are named, all of them', async () => {
  await expect(memoryCache({ epsilon: 1.5, maxPeers: 0 })).rejects.toThrow(/epsilon.*maxPeers|maxPeers.*epsilon/);
  await expect(memoryCache({ network: '../evil' })).rejects.toThrow(/network/);
  await expect(memoryCache({ unheardOf: 1 } as object)).rejects.toThrow(TypeError);
  await expect(memoryCache({ persist: true })).rejects.toThrow(/dir/);
  await expect(memoryCache({ model: { backoffBaseMs: 10, backoffMaxMs: 5 } })).rejects.toThrow(/backoffMaxMs/);
});
