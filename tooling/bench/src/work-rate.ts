import { solveWork } from '@p2p/dave-wire';

/** Bits that nobody finds within the measured time, so that the search never ends early. */
const UNREACHABLE_BITS = 200;
const SEARCH_MS = 2000;

/** Mhash per second of one thread, from what the search itself reports. */
export async function ourWork(): Promise<number> {
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
