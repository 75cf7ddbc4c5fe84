import { copyDat, type Dat, type Verdict } from '@p2p/dave-wire';
import { Worker } from 'node:worker_threads';
import type { Verifier } from '../verifier.ts';
import { InlineAllowance } from './inline-allowance.ts';
import { closedError, InlineVerifier, verifyNow, type VerifyRules } from './inline-verifier.ts';
import { VerifyLane, type VerifyJob } from './verify-lane.ts';
import { VerifyRing } from './verify-ring.ts';
import type { VerifyWorkerData } from './verify-worker.ts';

export interface VerifyPoolOptions extends VerifyRules {
  /** Threads, at least 1. Each is started when it first gets work. */
  readonly threads: number;
  /** Told when a thread was given up; verification goes on without it. */
  readonly onError?: (error: Error) => void;
  /** How a thread is started; tests put faulty ones here. */
  readonly spawn?: (data: VerifyWorkerData) => Worker;
}

const WORKER: URL = import.meta.url.endsWith('.ts')
  ? new URL('./verify-worker.ts', import.meta.url)
  : new URL('./io/verify-worker.js', import.meta.url);
/** Verdicts settled in one turn of the loop: each wakes a caller who then stores the dat. */
const DRAIN_LIMIT = 256;

/**
 * Verifies on threads. Dats travel through shared memory, one ring per thread, and one message wakes
 * the loop for all verdicts that are ready. A dat that comes when nothing is going on is verified
 * where it is: 60 µs of the loop, less than waking a thread and being woken by it.
 */
export class VerifyPool implements Verifier {
  readonly #options: VerifyPoolOptions;
  /** Replaced, never changed: it is walked while a thread that cannot be started leaves it. */
  #lanes: readonly VerifyLane[];
  readonly #allowance = new InlineAllowance();
  /** Takes over when no thread is left. */
  readonly #fallback: InlineVerifier;
  /** What found no room in the rings, with bytes of its own. */
  #overflow: { dat: Dat; job: VerifyJob }[] = [];
  #overflowNext = 0;
  #continuing: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: VerifyPoolOptions) {
    if (!(options.threads >= 1)) throw new TypeError('A pool needs at least one thread.');
    this.#options = options;
    this.#fallback = new InlineVerifier(options);
    const spawn = options.spawn ?? spawnWorker;
    this.#lanes = Array.from({ length: options.threads }, () => this.#newLane(spawn));
  }

  get pending(): number {
    let pending = this.#overflow.length - this.#overflowNext + this.#fallback.pending;
    for (const lane of this.#lanes) pending += lane.pending;
    return pending;
  }

  verify(dat: Dat): Promise<Verdict> {
    if (this.#closed) return Promise.reject(closedError());
    if (!VerifyRing.fits(dat)) return verifyNow(dat, this.#options);
    if (this.pending === 0 && this.#allowance.granted()) {
      const verdict = verifyNow(dat, this.#options);
      this.#allowance.spent();
      return verdict;
    }
    return new Promise((resolve, reject) => this.#submit(dat, { resolve, reject }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#continuing);
    const reason = closedError();
    for (const { job } of this.#overflow.splice(0).slice(this.#overflowNext)) job.reject(reason);
    this.#overflowNext = 0;
    await Promise.all([this.#fallback.close(), ...this.#lanes.map((lane) => lane.close(reason))]);
  }

  #submit(dat: Dat, job: VerifyJob): void {
    if (this.#lanes.length === 0) {
      this.#verifyInline(dat, job);
      return;
    }
    let best = this.#lanes[0]!;
    for (const lane of this.#lanes) if (lane.pending < best.pending) best = lane;
    if (best.hasRoom && this.#overflow.length === this.#overflowNext) best.push(dat, this.#options.now(), job);
    else this.#overflow.push({ dat: copyDat(dat), job });
  }

  #onReady(): void {
    let left = DRAIN_LIMIT;
    for (const lane of this.#lanes) left -= lane.drain(left);
    this.#refill();
    if (left === 0) this.#continuing ??= setImmediate(() => this.#continue());
  }

  #continue(): void {
    this.#continuing = undefined;
    this.#onReady();
  }

  #refill(): void {
    for (const lane of this.#lanes) {
      while (lane.hasRoom && this.#overflowNext < this.#overflow.length) {
        const { dat, job } = this.#overflow[this.#overflowNext++]!;
        lane.push(dat, this.#options.now(), job);
      }
    }
    if (this.#overflowNext < this.#overflow.length) return;
    this.#overflow = [];
    this.#overflowNext = 0;
  }

  #newLane(spawn: (data: VerifyWorkerData) => Worker): VerifyLane {
    return new VerifyLane({
      minWork: this.#options.minWork,
      skewMs: this.#options.skewMs,
      spawn,
      onReady: () => this.#onReady(),
      onUnjudged: (dat, job) => this.#verifyInline(dat, job),
      onBroken: (lane, error) => this.#retire(lane, error),
    });
  }

  #retire(lane: VerifyLane, error: Error): void {
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    lane.abandon((dat, job) => this.#submit(dat, job));
    if (this.#lanes.length === 0) {
      for (const { dat, job } of this.#overflow.splice(0).slice(this.#overflowNext)) this.#verifyInline(dat, job);
      this.#overflowNext = 0;
    }
    this.#options.onError?.(error);
  }

  #verifyInline(dat: Dat, job: VerifyJob): void {
    this.#fallback.verify(dat).then(job.resolve, job.reject);
  }
}

function spawnWorker(workerData: VerifyWorkerData): Worker {
  // The flags of the parent are not for this file: it would refuse `--input-type` or `--test`.
  return new Worker(WORKER, { workerData, execArgv: [], name: 'dave-verify' });
}
