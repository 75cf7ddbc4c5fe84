// Proof of work and signatures beside the Go implementation in the same run; codecs are measured in
// packages/dave-wire/bench. Usage: wire.ts [--rounds 9]
import { parseArgs } from 'node:util';
import { runGoMode, goAvailability } from '@p2p/interop/go-program';
import { solveWork } from '@p2p/dave-wire';
import { alternate, printRows } from './comparison.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
/** Bits that nobody finds within the measured time, so that the search never ends early. */
const UNREACHABLE_BITS = 200;
const SEARCH_MS = 2000;

/** Mhash per second of one thread, from what the search itself reports. */
async function ourWork(): Promise<number> {
  const stop = new AbortController();
  let hashes = 0;
  let startedMs = 0;
  let lastMs = 0;
  let first = 0;
  const search = solveWork(crypto.getRandomValues(new Uint8Array(64)), UNREACHABLE_BITS, {
    threads: 1,
    signal: stop.signal,
    onProgress: (progress) => {
      lastMs = performance.now();
      hashes = progress.hashes;
      if (startedMs === 0) [startedMs, first] = [lastMs, hashes];
      if (lastMs - startedMs >= SEARCH_MS) stop.abort();
    },
  });
  await search.catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return (hashes - first) / (lastMs - startedMs) / 1000;
}

const go = goAvailability();
if (!go.available) console.log(`no comparison with Go: ${go.reason}`);
else {
  printRows([
    {
      what: 'proof of work, one thread',
      unit: 'Mhash/s',
      baselineName: `Go, ${go.version}`,
      target: 6.5,
      rounds: await alternate(rounds, ourWork, async () => (await runGoMode('bench-pow')).mhashPerSec),
    },
  ]);
}
