import { expect, test } from 'vitest';
import { addPeers, DAY, lonelyAddress, memoryCache } from '../open-cache.ts';

test('weeks offline lose nobody: without news no peer is stale', async () => {
  const { cache, clock } = await memoryCache({ minKeep: 5 });
  addPeers(cache, 500);
  await clock.advance(60 * DAY);
  expect(cache.cleanUp()).toBe(0);
  expect(cache.size).toBe(500);
});

test('while the network talks, peers that were never reached go after a week, down to the best', async () => {
  const { cache, clock } = await memoryCache({ minKeep: 50 });
  const heard = addPeers(cache, 100, 'heard');
  cache.addSeed('seed', [lonelyAddress(900)]);
  cache.add('proven', [lonelyAddress(901)]);
  cache.recordSuccess('proven');
  cache.add('fallen', [lonelyAddress(902)]);
  cache.recordSuccess('fallen');
  await clock.advance(31 * DAY);
  for (let failure = 0; failure < 3; failure++) cache.recordFailure('fallen');
  cache.add('news', [lonelyAddress(903)]);
  const removed: number[] = [];
  cache.on('cleaned', (event) => removed.push(event.removed));
  expect(cache.cleanUp()).toBe(54);
  expect(removed).toEqual([54]);
  expect(cache.size).toBe(50);
  // Reached once and not given up since.
  expect(cache.has('proven')).toBe(true);
  expect(cache.has('seed')).toBe(true);
  expect(cache.has('fallen')).toBe(false);
  expect(cache.has('news')).toBe(true);
  expect(heard.filter((id) => cache.has(id)).length).toBe(47);
});

test('a clock that jumps ahead and back loses nobody', async () => {
  const { cache, clock } = await memoryCache({ minKeep: 5 });
  const peers = addPeers(cache, 100);
  for (const id of peers.slice(0, 20)) cache.recordSuccess(id);
  clock.stepWallClock(400 * DAY);
  expect(cache.cleanUp()).toBe(0);
  clock.stepWallClock(-400 * DAY);
  expect(cache.cleanUp()).toBe(0);
  expect(cache.size).toBe(100);
});
