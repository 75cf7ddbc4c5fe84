import { SeededRandom, VirtualClock } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { BootstrapCache, type BootstrapCacheOptions } from '../../src/index.ts';
import { MemoryFileSystem, systemError } from '../memory-file-system.ts';
import { addPeers, DAY, HOUR, lonelyAddress } from '../open-cache.ts';

const MINUTE = 60_000;

async function start(options: BootstrapCacheOptions = {}): Promise<{ cache: BootstrapCache; clock: VirtualClock; fs: MemoryFileSystem; saves: number[] }> {
  const clock = new VirtualClock();
  const fs = new MemoryFileSystem();
  const cache = await BootstrapCache.open({ dir: '/state', clock, random: new SeededRandom('maintenance'), ...options }, fs);
  const saves: number[] = [];
  cache.on('saved', () => saves.push(clock.monotonic() / MINUTE));
  return { cache, clock, fs, saves };
}

/** Moves time on in steps, each of which leaves real file work the time it needs. */
async function pass(clock: VirtualClock, cache: BootstrapCache, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += MINUTE) {
    await clock.advance(MINUTE);
    // Lets a save that the timers began come to its end.
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(cache.size).toBeGreaterThan(0);
}

test('it saves every five minutes if something changed', async () => {
  const { cache, clock, saves } = await start();
  addPeers(cache, 3);
  const maintenance = cache.startMaintenance();
  await pass(clock, cache, 4 * MINUTE);
  expect(saves).toEqual([]);
  await pass(clock, cache, 16 * MINUTE);
  expect(saves).toHaveLength(1);
  cache.recordFailure('peer-1');
  await pass(clock, cache, 6 * MINUTE);
  expect(saves).toHaveLength(2);
  cache.recordFailure('peer-2');
  await maintenance[Symbol.asyncDispose]();
  expect(saves).toHaveLength(3);
  expect(clock.nextDueMs).toBeUndefined();
});

test('it cleans up every six hours', async () => {
  const { cache, clock } = await start({ minKeep: 1 });
  addPeers(cache, 10);
  cache.startMaintenance();
  await clock.advance(8 * DAY - HOUR);
  cache.add('news', [lonelyAddress(50)]);
  await pass(clock, cache, 6 * HOUR);
  expect(cache.size).toBe(1);
  await cache.close();
});

test('close flushes and stops; starting twice or after close is a mistake', async () => {
  const { cache, clock, saves, fs } = await start();
  addPeers(cache, 3);
  cache.startMaintenance();
  expect(() => cache.startMaintenance()).toThrow(TypeError);
  await cache.close();
  expect(saves).toHaveLength(1);
  expect(clock.nextDueMs).toBeUndefined();
  expect(() => cache.startMaintenance()).toThrow(expect.objectContaining({ code: 'BOOTSTRAP_CACHE_CLOSED' }));
  expect((await BootstrapCache.open({ dir: '/state' }, fs)).size).toBe(3);
});

test('a save that fails in the background is reported once and tried again', async () => {
  const { cache, clock, fs, saves } = await start();
  process.once('warning', () => undefined);
  let degraded = 0;
  cache.on('degraded', () => (degraded += 1));
  addPeers(cache, 3);
  cache.startMaintenance();
  fs.before = (step): void => {
    if (step === 'write') throw systemError('ENOSPC');
  };
  await pass(clock, cache, 20 * MINUTE);
  expect(degraded).toBe(1);
  expect(saves).toEqual([]);
  fs.before = () => undefined;
  await pass(clock, cache, 6 * MINUTE);
  expect(saves).toHaveLength(1);
  expect(cache.stats().degraded).toBe(false);
  await cache.close();
});
