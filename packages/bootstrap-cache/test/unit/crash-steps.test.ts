import { SeededRandom } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { BootstrapCache } from '../../src/index.ts';
import { MemoryFileSystem, systemError } from '../memory-file-system.ts';
import { addPeers, lonelyAddress } from '../open-cache.ts';

/** Runs a second save that stops for good at its `step`-th operation; false when the save has fewer. */
async function crashAt(step: number): Promise<boolean> {
  const fs = new MemoryFileSystem();
  const options = { dir: '/state', random: new SeededRandom('crash') };
  const cache = await BootstrapCache.open(options, fs);
  addPeers(cache, 30);
  cache.recordSuccess('peer-3');
  await cache.save();
  cache.add('second', [lonelyAddress(99)]);
  cache.recordSuccess('peer-3');
  let steps = 0;
  let hasCrashed = false;
  fs.before = (): void => {
    hasCrashed ||= ++steps === step;
    // A dead process does nothing any more, not even tidy up.
    if (hasCrashed) throw systemError('EIO');
  };
  await cache.save().catch(() => undefined);
  fs.before = () => undefined;
  // The dead process's lease: its owner lives on here, so it is taken away as if it had expired.
  for (const path of fs.files.keys()) if (path.includes('.lock')) fs.files.delete(path);

  const again = await BootstrapCache.open(options, fs);
  expect(again.size, `peers after a crash at step ${step}`).toBeGreaterThanOrEqual(30);
  const { successes } = again.get('peer-3')!.stats;
  // Before the rename the first save stands, after it the second: nothing in between.
  expect(successes).toBe(again.has('second') ? 2 : 1);
  again.recordSuccess('peer-4');
  expect(await again.save()).toBe(true);
  const third = await BootstrapCache.open(options, fs);
  expect(third.get('peer-4')!.stats.successes).toBe(1);
  expect([...fs.files.keys()].filter((path) => path.endsWith('.tmp') && !path.includes('.lock'))).toEqual([]);
  return hasCrashed;
}

test('a save that stops at any step leaves the old state or the new one', async () => {
  let steps = 0;
  while (await crashAt(steps + 1)) steps += 1;
  expect(steps).toBeGreaterThan(15);
});
