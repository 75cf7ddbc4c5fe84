import type { WorkThread } from './work-host.ts';
import type { Lease } from './work-search.ts';

const FIRST_LEASE = 2 ** 14;
const SMALLEST_LEASE = 2 ** 12;
/** A tenth of a second of one fast thread: leases grow no further, whatever the clock says. */
const LARGEST_LEASE = 2 ** 22;
const LARGEST_GROWTH = 4;
/** Progress is reported at most once in this many candidates: every 50 ms of one fast thread. */
const PROGRESS_STEP = 2 ** 21;

export interface CoordinatedSearch {
  readonly digest: Uint8Array;
  readonly difficulty: number;
  readonly start: bigint;
  readonly threads: readonly WorkThread[];
  /** Takes over if all threads fail. */
  readonly fallback: WorkThread;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: { readonly hashes: number }) => void) | undefined;
}

/**
 * Hands out leases in ascending order and resolves with the smallest number that meets the
 * difficulty: once one is found, only leases before it are waited for, so the result is the one of
 * a single thread, for at most the time of a lease. Stopping is not handing out any more.
 */
export async function coordinateSearch(search: CoordinatedSearch): Promise<bigint> {
  const { digest, difficulty, signal, onProgress } = search;
  const returned: Lease[] = [];
  let next = search.start;
  let best: bigint | undefined;
  let stopped = false;
  let hashes = 0;
  let reported = 0;

  const take = (count: number): Lease | undefined => {
    if (stopped) return undefined;
    const again = returned.pop();
    if (again !== undefined) return again;
    if (best !== undefined) return undefined;
    const lease: Lease = { digest, difficulty, start: next, count };
    next += BigInt(count);
    return lease;
  };

  const account = (candidates: number): void => {
    hashes += candidates;
    if (stopped || hashes - reported < PROGRESS_STEP) return;
    reported = hashes;
    onProgress?.({ hashes });
  };

  const drive = async (thread: WorkThread): Promise<void> => {
    let count = FIRST_LEASE;
    for (let lease = take(count); lease !== undefined; lease = take(count)) {
      const result = await thread.run(lease).catch((error: unknown) => {
        // What a lost thread was searching is not lost: another one gets it, at last the fallback.
        if (thread === search.fallback) throw error;
        return undefined;
      });
      if (result === undefined) {
        returned.push(lease);
        return;
      }
      if (result.found >= 0) {
        const number = lease.start + BigInt(result.found);
        if (best === undefined || number < best) best = number;
      }
      account(result.found >= 0 ? result.found + 1 : lease.count);
      count = nextLeaseSize(lease.count, result.elapsedMs, thread.leaseMs);
    }
  };

  const finish = async (): Promise<bigint> => {
    await Promise.all(search.threads.flatMap((thread) => Array.from({ length: thread.queueDepth }, () => drive(thread))));
    await drive(search.fallback);
    if (best === undefined) throw signal?.reason;
    return best;
  };

  try {
    return await (signal === undefined ? finish() : untilAborted(signal, finish));
  } finally {
    stopped = true;
  }
}

/** The number of candidates that would have taken the thread its `leaseMs`. */
function nextLeaseSize(count: number, elapsedMs: number, leaseMs: number): number {
  const growth = elapsedMs * LARGEST_GROWTH <= leaseMs ? LARGEST_GROWTH : leaseMs / elapsedMs;
  const size = Math.min(Math.max(count * growth, SMALLEST_LEASE), LARGEST_LEASE);
  return size - (size % SMALLEST_LEASE);
}

async function untilAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
