import { expect, test } from 'vitest';
import { BootstrapCache } from '../../src/index.ts';
import { addPeers } from '../open-cache.ts';
import { runChild } from './child.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function killedAt(step: number, withoutOsLocks: boolean): Promise<boolean> {
  const dir = await temporaryDirectory();
  const first = await BootstrapCache.open({ dir });
  addPeers(first, 50);
  first.recordSuccess('peer-3');
  await first.close();
  const { stdout, signal, stderr } = await runChild('save-and-die.ts', [dir, step], withoutOsLocks);
  if (stdout === 'done') return false;
  expect(signal, stderr).toBe('SIGKILL');
  const cache = await BootstrapCache.open({ dir, lockTimeoutMs: 5_000 });
  expect(cache.size, `peers after a kill at step ${step}`).toBe(cache.has('second') ? 51 : 50);
  expect(cache.get('peer-3')!.stats.successes).toBe(cache.has('second') ? 2 : 1);
  // The dead process's lock is seen through at once, and its rubbish is swept.
  cache.recordFailure('peer-4');
  const started = performance.now();
  expect(await cache.save()).toBe(true);
  expect(performance.now() - started).toBeLessThan(4_000);
  const again = await BootstrapCache.open({ dir });
  expect(again.get('peer-4')!.stats.failures).toBe(1);
  return true;
}

test.each([
  ['with the operating system\'s lock', false],
  ['with leases alone', true],
])('kill -9 at every step of a save loses nothing that was saved before, %s', async (_, withoutOsLocks) => {
  let steps = 0;
  for (let wasKilled = true; wasKilled; ) {
    const kills = await Promise.all([1, 2, 3, 4].map((ahead) => killedAt(steps + ahead, withoutOsLocks)));
    steps += kills.filter(Boolean).length;
    wasKilled = kills.every(Boolean);
  }
  expect(steps).toBeGreaterThan(20);
}, 120_000);
