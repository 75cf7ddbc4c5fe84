// Writes to a shared cache until its time is up: hammer.ts <directory> <index> <milliseconds>. Prints what it did.
// The lock is not fair, so a process may get it seldom while others want it, too; one that never gets it fails with a lock timeout.
import { BootstrapCache } from '../../src/index.ts';

const [dir, index, duration] = process.argv.slice(2) as [string, string, string];
const SHARED = 40;
const MIN_SAVES = 3;
const cache = await BootstrapCache.open({ dir, maxPeers: 30_000 });
const end = performance.now() + Number(duration);
const counts = Array.from({ length: SHARED }, () => ({ successes: 0, failures: 0 }));
let own = 0;
let saves = 0;
while (performance.now() < end || saves < MIN_SAVES) {
  for (let step = 0; step < 50; step++) {
    const peer = Math.floor(Math.random() * SHARED);
    cache.add(`shared-${peer}`, [`198.51.${peer}.1:1`, `203.0.${index}.${peer}:1`]);
    if (!cache.has(`shared-${peer}`)) throw new Error('a shared peer was not admitted');
    if (Math.random() < 0.7) {
      cache.recordSuccess(`shared-${peer}`, { rttMs: 10 + Math.random() * 90 });
      counts[peer]!.successes += 1;
    } else {
      cache.recordFailure(`shared-${peer}`);
      counts[peer]!.failures += 1;
    }
  }
  const result = cache.add(`own-${index}-${own}`, [`${20 + Number(index)}.${Math.floor(own / 256) % 256}.${own % 256}.1:1`]);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  own += 1;
  await cache.save();
  saves += 1;
}
await cache.close();
process.stdout.write(JSON.stringify({ own, saves, counts }));
