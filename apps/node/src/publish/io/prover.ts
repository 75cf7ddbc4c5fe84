import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { decodeDat, type Dat } from '@p2p/dave-wire';
import type { Draft, ProveReply, ProveRequest } from './prove-drafts.ts';

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './prove-worker.ts' : './prove-worker.js', import.meta.url);
/** More drafts in one message gain nothing. */
const MOST_DRAFTS = 64;
/** At this difficulty the work of one dat outweighs the message it comes in. */
const SINGLE_FROM_BITS = 16;
/** Messages that a worker is given ahead, so that it never waits. */
const AHEAD = 2;

interface Waiting {
  readonly resolve: (dats: readonly Dat[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Signs and proves many small dats of one author on all cores. */
export class Prover implements AsyncDisposable {
  /** How many drafts to hand over at once. */
  readonly batchSize: number;
  /** How many batches to have underway. */
  readonly depth: number;
  readonly #threads: Thread[];
  readonly #time: number;
  readonly #signal: AbortSignal;
  #nextId = 0;

  /** @param signal frees the cores at once, whatever is being searched for. */
  constructor(author: { privateKey: Uint8Array; difficulty: number; time: number; threads?: number }, signal: AbortSignal) {
    const { privateKey, difficulty, time, threads = availableParallelism() } = author;
    this.#time = time;
    this.#signal = signal;
    this.batchSize = Math.max(1, Math.min(MOST_DRAFTS, 2 ** (SINGLE_FROM_BITS - difficulty)));
    this.depth = threads * AHEAD;
    this.#threads = Array.from({ length: threads }, () => this.#start({ privateKey, difficulty }));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The dats of some drafts, in order. Rejects when the thread fails or is closed, or with the signal's reason. */
  prove(drafts: readonly Draft[]): Promise<readonly Dat[]> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason as Error);
    const [thread] = this.#threads.toSorted((a, b) => a.waiting.size - b.waiting.size);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Dat[]>();
    const id = this.#nextId++;
    thread!.waiting.set(id, { resolve, reject });
    const request: ProveRequest = { id, time: this.#time, drafts };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have one
    thread!.worker.postMessage(request);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  readonly #onAbort = (): void => {
    for (const { worker, waiting } of this.#threads) {
      for (const { reject } of waiting.values()) reject(this.#signal.reason);
      waiting.clear();
      void worker.terminate();
    }
  };

  #start(workerData: { privateKey: Uint8Array; difficulty: number }): Thread {
    // The flags of the parent are not for this file: it would refuse `--input-type` or `--test`.
    const thread: Thread = { worker: new Worker(WORKER, { workerData, execArgv: [], name: 'dave-prove' }), waiting: new Map() };
    const fail = (error: unknown): void => {
      for (const { reject } of thread.waiting.values()) reject(error);
      thread.waiting.clear();
    };
    thread.worker.on('message', ({ id, dats, lengths }: ProveReply) => {
      let at = 0;
      thread.waiting.get(id)?.resolve(lengths.map((length) => decodeDat(dats.subarray(at, (at += length)))));
      thread.waiting.delete(id);
    });
    thread.worker.on('error', fail);
    thread.worker.on('exit', (code) => fail(new Error(`a thread that proves dats ended with code ${code}`)));
    return thread;
  }
}
