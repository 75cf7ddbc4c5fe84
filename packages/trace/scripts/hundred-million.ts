// A hundred million events in each kind of log: memory must stay where it was. `node scripts/hundred-million.ts [events]`.
import { createEventLog, tracePeer } from '../src/index.ts';

const EVENTS = Number(process.argv[2] ?? 100_000_000);
const BATCH = 100_000;
/** Caches of the engine and the collector's own room. */
const TOLERATED_BYTES = 8 * 1024 * 1024;

const used = (): number => {
  const { rss } = process.memoryUsage();
  return rss;
};

for (const options of [{}, { index: true }, { index: true, shared: true }]) {
  const log = createEventLog({ slots: 65_536, clock: 'coarse', ...options });
  const peers = Array.from({ length: 1000 }, (_, n) => tracePeer(new Uint8Array(32).fill(n & 255).fill(n >> 8, 0, 2)));
  let logged = 0;
  const batch = (): void => {
    // New traces all the time, as in a program that runs for weeks.
    const contexts = Array.from({ length: 100 }, () => log.newTrace());
    for (let n = 0; n < BATCH; n += 1, logged += 1) log.packetSent(contexts[n % 100], peers[n % 1000], 1200, logged);
  };
  for (let warmUp = 0; warmUp < 50; warmUp += 1) batch();
  const { memoryBytes } = log.stats;
  const before = used();
  const start = performance.now();
  for (let done = logged; done < EVENTS; done += BATCH) batch();
  const grownBytes = used() - before;
  const { written, overwritten } = log.stats;
  console.log(`${JSON.stringify(options)}: ${written} written, ${overwritten} overwritten in ${((performance.now() - start) / 1000).toFixed(1)} s, process grew by ${(grownBytes / 1024).toFixed(0)} KiB`);
  if (written !== logged || log.stats.memoryBytes !== memoryBytes || grownBytes > TOLERATED_BYTES) throw new Error('Memory is not fixed, or events were not counted.');
}
