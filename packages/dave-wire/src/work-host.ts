import { searchLease, type Lease } from './work-search.ts';

/** A place where leases are searched: a thread of its own, or a turn of the calling one. */
export interface WorkThread {
  /** Leases that are sent ahead, so that the thread does not wait for the next one. */
  readonly queueDepth: number;
  /** How long one lease should take: the granularity of aborting and of progress. */
  readonly leaseMs: number;
  /** Searches a lease. Rejects if the thread cannot be started or dies. */
  readonly run: (lease: Lease) => Promise<LeaseResult>;
}

export interface LeaseResult {
  /** Offset of the first salt that meets the difficulty, -1 if none does. */
  readonly found: number;
  /** Time spent on it: sizes the next lease. */
  readonly elapsedMs: number;
}

/** What searching needs from the outside: event loop, clock and threads. Set by the entry points. */
export interface WorkHost {
  /** Threads that can run at once. */
  readonly parallelism: number;
  /** The calling thread: each lease runs in a turn of the event loop of its own. */
  readonly local: WorkThread;
  /** Up to `count` other threads, started when they get their first lease; none where there cannot be any. */
  readonly threads: (count: number) => readonly WorkThread[];
}

/** Without an entry point there is neither a clock nor a way to let the event loop turn. */
const detached: WorkHost = {
  parallelism: 1,
  local: { queueDepth: 1, leaseMs: 0, run: async (lease) => ({ found: searchLease(lease), elapsedMs: 0 }) },
  threads: () => [],
};

let current: WorkHost = detached;

/** Chooses where `solveWork` searches from now on. The package's entry points call it as they load. */
export function setWorkHost(host: WorkHost): void {
  current = host;
}

/** The host in use. */
export function workHost(): WorkHost {
  return current;
}
