import type { Dat, Verdict } from '@p2p/dave-wire';
import type { Worker } from 'node:worker_threads';
import { verdictOf } from './verify-verdicts.ts';
import { DONE, PUBLISHED, RING_BYTES, RING_SLOTS, SLEEPING, VerifyRing, WAKE_POSTED } from './verify-ring.ts';
import type { VerifyWorkerData } from './verify-worker.ts';

/** One dat that waits for its verdict. */
export interface VerifyJob {
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: unknown) => void;
}

export interface LaneOptions {
  readonly minWork: number;
  readonly skewMs: number;
  readonly spawn: (data: VerifyWorkerData) => Worker;
  /** Verdicts are ready: call `drain`. */
  readonly onReady: (lane: VerifyLane) => void;
  /** The thread keeps dying, or cannot be started: call `abandon`. */
  readonly onBroken: (lane: VerifyLane, error: Error) => void;
  /** The thread could not judge this dat. */
  readonly onUnjudged: (dat: Dat, job: VerifyJob) => void;
}

/** A thread that died so often without a verdict in between is given up. */
const MOST_CRASHES_IN_A_ROW = 3;

/** One verifying thread and the ring it works through, in order. A thread that dies is replaced and goes on where it was. */
export class VerifyLane {
  readonly #options: LaneOptions;
  readonly #memory = new SharedArrayBuffer(RING_BYTES);
  readonly #ring = new VerifyRing(this.#memory);
  readonly #jobs: (VerifyJob | undefined)[] = Array.from({ length: RING_SLOTS });
  #worker: Worker | undefined;
  #published = 0;
  #taken = 0;
  #crashes = 0;
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Dats handed in whose verdict was not taken yet. */
  get pending(): number {
    return (this.#published - this.#taken) | 0;
  }

  get hasRoom(): boolean {
    return this.pending < RING_SLOTS;
  }

  /** Hands over a dat that fits the ring, which must have room. The first one starts the thread. */
  push(dat: Dat, nowMs: number, job: VerifyJob): void {
    const { control } = this.#ring;
    const index = this.#published;
    this.#ring.write(index, dat, nowMs);
    this.#jobs[index & (RING_SLOTS - 1)] = job;
    this.#published = (index + 1) | 0;
    Atomics.store(control, PUBLISHED, this.#published);
    if (Atomics.exchange(control, SLEEPING, 0) === 1) Atomics.notify(control, PUBLISHED);
    if (this.#worker === undefined) this.#start();
    else if (this.pending === 1) this.#worker.ref();
  }

  /** Settles up to `limit` dats whose verdict is there; returns how many. */
  drain(limit: number): number {
    const ready = (Atomics.load(this.#ring.control, DONE) - this.#taken) | 0;
    const count = Math.min(ready, limit);
    for (let left = count; left > 0; left--) this.#settle();
    if (count > 0) this.#crashes = 0;
    // Idle threads do not keep the process alive; one that is being ended does, or nobody would see its end.
    if (this.pending === 0 && !this.#closed) this.#worker?.unref();
    return count;
  }

  /** Takes all that waits out of the ring. */
  abandon(take: (dat: Dat, job: VerifyJob) => void): void {
    while (this.pending > 0) {
      const index = this.#advance();
      take(this.#ring.read(index).dat, this.#takeJob(index));
    }
  }

  /** Ends the thread and rejects what waits. */
  async close(reason: Error): Promise<void> {
    this.#closed = true;
    while (this.pending > 0) this.#takeJob(this.#advance()).reject(reason);
    await this.#worker?.terminate();
  }

  #settle(): void {
    const index = this.#advance();
    const job = this.#takeJob(index);
    const verdict = verdictOf(this.#ring.verdicts[index & (RING_SLOTS - 1)]!);
    if (verdict === undefined) this.#options.onUnjudged(this.#ring.read(index).dat, job);
    else job.resolve(verdict);
  }

  #advance(): number {
    const index = this.#taken;
    this.#taken = (index + 1) | 0;
    return index;
  }

  #takeJob(index: number): VerifyJob {
    const slot = index & (RING_SLOTS - 1);
    const job = this.#jobs[slot]!;
    this.#jobs[slot] = undefined;
    return job;
  }

  #start(): void {
    const { control } = this.#ring;
    Atomics.store(control, SLEEPING, 0);
    Atomics.store(control, WAKE_POSTED, 0);
    try {
      const { minWork, skewMs } = this.#options;
      const worker = this.#options.spawn({ memory: this.#memory, minWork, skewMs });
      let failure: Error | undefined;
      worker.on('message', () => {
        // Before looking: what is done after this line is announced again.
        Atomics.store(control, WAKE_POSTED, 0);
        this.#options.onReady(this);
      });
      worker.on('error', (error: Error) => (failure = error));
      worker.on('exit', (code) => this.#onExit(failure ?? new Error(`The verifying thread ended with code ${code}.`)));
      this.#worker = worker;
    } catch (error) {
      this.#options.onBroken(this, error as Error);
    }
  }

  #onExit(error: Error): void {
    this.#worker = undefined;
    if (this.#closed) return;
    // What it finished still counts, and may make room that starts the next thread.
    this.#options.onReady(this);
    this.#crashes += 1;
    if (this.#crashes >= MOST_CRASHES_IN_A_ROW) this.#options.onBroken(this, error);
    else if (this.pending > 0 && this.#worker === undefined) this.#start();
  }
}
