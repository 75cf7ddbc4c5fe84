import type { LeaseResult, WorkThread } from '../work-host.ts';
import { searchLease, type Lease } from '../work-search.ts';

/** To a worker: search this lease. */
export interface WorkRequest {
  readonly id: number;
  readonly lease: Lease;
}

/** From a worker: what came of the request with the same id. */
export interface WorkReply extends LeaseResult {
  readonly id: number;
}

/** A running worker, as the pool sees it. */
export interface WorkPort {
  readonly post: (request: WorkRequest) => void;
  /** Whether the worker keeps the process alive; only where processes end by themselves. */
  readonly setHeld: (held: boolean) => void;
  readonly close: () => void;
}

/** Starts a worker. May throw; a failure later is reported to `onLost`. */
export type SpawnWorker = (onReply: (reply: WorkReply) => void, onLost: (cause: unknown) => void) => WorkPort;

/** Some 0.4 M candidates at a time: nothing is lost to waiting, and two of them end within 50 ms. */
const LEASE_MS = 8;
const QUEUE_DEPTH = 2;
/** A worker costs some 30 ms to start and 5 MB to keep. */
const IDLE_CLOSE_MS = 5000;

/** What a worker does with a request. */
export function answerRequest({ id, lease }: WorkRequest): WorkReply {
  const from = performance.now();
  const found = searchLease(lease);
  return { id, found, elapsedMs: performance.now() - from };
}

/**
 * Workers that are started when first needed, shared by all searches, and closed after five idle
 * seconds. Once one is lost before it has answered at all (no such file, forbidden by a policy),
 * the pool offers no more of them, and searches stay on the calling thread.
 */
export function createWorkPool(spawn: SpawnWorker): (count: number) => readonly WorkThread[] {
  const threads: WorkThread[] = [];
  const health = { usable: true };
  return (count) => {
    if (!health.usable) return [];
    while (threads.length < count) threads.push(new PooledThread(spawn, () => (health.usable = false)));
    return threads.slice(0, count);
  };
}

interface Waiting {
  readonly resolve: (result: LeaseResult) => void;
  readonly reject: (cause: unknown) => void;
}

class PooledThread implements WorkThread {
  readonly queueDepth: number = QUEUE_DEPTH;
  readonly leaseMs: number = LEASE_MS;
  readonly #spawn: SpawnWorker;
  readonly #onUnusable: () => void;
  readonly #waiting: Map<number, Waiting> = new Map();
  #port: WorkPort | undefined;
  #answered = false;
  #nextId = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(spawn: SpawnWorker, onUnusable: () => void) {
    this.#spawn = spawn;
    this.#onUnusable = onUnusable;
  }

  readonly run = async (lease: Lease): Promise<LeaseResult> => {
    clearTimeout(this.#idleTimer);
    const port = this.#port ?? this.#start();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<LeaseResult>();
    this.#waiting.set(id, { resolve, reject });
    if (this.#waiting.size === 1) port.setHeld(true);
    port.post({ id, lease });
    return promise;
  };

  #start(): WorkPort {
    try {
      // A worker that was closed for idleness may still report its end: it is no longer ours then.
      const port: WorkPort = this.#spawn(
        (reply) => this.#settle(reply),
        (cause) => {
          if (this.#port === port) this.#lose(cause);
        },
      );
      this.#port = port;
      return port;
    } catch (cause) {
      this.#lose(cause);
      throw cause;
    }
  }

  #settle(reply: WorkReply): void {
    this.#answered = true;
    this.#waiting.get(reply.id)?.resolve(reply);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size > 0) return;
    this.#port?.setHeld(false);
    this.#idleTimer = setTimeout(() => this.#close(), IDLE_CLOSE_MS);
    // Browsers return a number: there is no process to keep alive.
    (this.#idleTimer as { unref?: () => void }).unref?.();
  }

  #lose(cause: unknown): void {
    if (!this.#answered) this.#onUnusable();
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#close();
  }

  #close(): void {
    this.#waiting.clear();
    const port = this.#port;
    this.#port = undefined;
    port?.close();
  }
}
