import { availableParallelism } from 'node:os';
import type { Fault } from './faults.ts';
import type { TreeSummary } from './thread/protocol.ts';
import { Thread } from './thread/thread.ts';
import { newClaims } from './tree/claims.ts';
import type { CopyOptions, CopyTask } from './tree/tree-copy.ts';

/** A copy whose files are in place. `publish` may still need `fill` and `drop`. */
export interface TreeJob {
  readonly summary: TreeSummary;
  /** Offers the tree's files to the pool, once they are on disk and before they are moved. */
  fill(): Promise<void>;
}

type JobOptions = Omit<CopyOptions, 'claims' | 'control'>;

interface Running {
  readonly options: CopyOptions;
  readonly control: Int32Array;
  readonly idle: Set<Thread>;
  readonly used: Set<Thread>;
  readonly pending: CopyTask[][];
  give(): void;
}

/** Threads that copy, check and remove trees. Started when there is something to do. */
export class TreeThreads {
  readonly #count: number;
  readonly #fault: Fault | undefined;
  readonly #threads: Thread[] = [];
  readonly #running = new Map<number, Running>();
  #nextJob = 0;
  #nextThread = 0;

  constructor(count: number | undefined, fault: Fault | undefined) {
    this.#count = count ?? Math.min(2, availableParallelism());
    this.#fault = fault;
  }

  /** A thread for one piece of work, in turn. */
  any(): Thread {
    return this.#thread(this.#nextThread++ % this.#count);
  }

  /**
   * Copies or describes a tree with all threads; the manifest goes into the container.
   * @param onFilled Told how many nodes there are once all files are written, before the source is looked at again.
   */
  async copy(options: JobOptions, container: string | undefined, signal: AbortSignal | undefined, use: (job: TreeJob) => Promise<void>, onFilled?: (nodes: number) => void): Promise<void> {
    const job = ++this.#nextJob;
    const control = new SharedArrayBuffer(8);
    const running: Running = {
      options: { ...options, claims: newClaims(), control },
      control: new Int32Array(control),
      idle: new Set(Array.from({ length: this.#count }, (_, index) => this.#thread(index))),
      used: new Set(),
      pending: [[{ path: '.' }]],
      give: () => {},
    };
    this.#running.set(job, running);
    const abort = (): void => {
      Atomics.store(running.control, 1, 1);
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const nodes = await this.#spread(job, running);
      signal?.throwIfAborted();
      onFilled?.(nodes);
      const threads = Array.from(running.used);
      const [first, ...others] = threads;
      if (first === undefined) throw new Error('a copy without a thread');
      const target = options.mode === 'scan' ? undefined : options.target;
      // One thread puts together what all have done, while the others look again at what they have read.
      const finish = async (): Promise<TreeSummary> => {
        const parts = await Promise.all(others.map((thread) => thread.request('collect', { job })));
        const finished = await first.request('finish', { job, parts, target, container });
        await first.request('recheck', { job });
        return finished;
      };
      const [finished, ...rechecked] = await Promise.allSettled([finish(), ...others.map((thread) => thread.request('recheck', { job }))]);
      for (const result of [...rechecked, finished]) if (result.status === 'rejected') throw result.reason;
      const summary = (finished as PromiseFulfilledResult<TreeSummary>).value;
      signal?.throwIfAborted();
      await use({ summary, fill: async () => void (await Promise.all(threads.map((thread) => thread.request('fill', { job })))) });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#running.delete(job);
      await Promise.allSettled(Array.from(running.used, (thread) => thread.request('drop', { job })));
    }
  }

  /** Gives tasks to threads without work until none is left. Returns the nodes in all. */
  async #spread(job: number, running: Running): Promise<number> {
    let active = 0;
    let nodes = 0;
    await new Promise<void>((resolve, reject) => {
      let failure: unknown;
      const give = (): void => {
        for (const thread of running.idle) {
          const tasks = failure === undefined ? running.pending.pop() : undefined;
          if (tasks === undefined) break;
          running.idle.delete(thread);
          running.used.add(thread);
          active++;
          const work = async (): Promise<void> => {
            try {
              const copied = await thread.request('copy', { job, options: running.options, tasks });
              nodes += copied;
            } catch (error) {
              failure ??= error;
              // The others stop at their next file.
              Atomics.store(running.control, 1, 1);
            }
            settle(thread);
          };
          void work();
        }
        Atomics.store(running.control, 0, running.pending.length === 0 ? running.idle.size : 0);
      };
      const settle = (thread: Thread): void => {
        active--;
        running.idle.add(thread);
        give();
        if (active > 0) return;
        if (failure === undefined) resolve();
        else reject(failure);
      };
      running.give = give;
      give();
    });
    return nodes;
  }

  #thread(index: number): Thread {
    const there = this.#threads[index];
    if (there !== undefined && !there.isEnded) return there;
    const thread = new Thread(
      { fault: this.#fault },
      {
        onShare: (job, tasks) => {
          const running = this.#running.get(job);
          running?.pending.push(tasks);
          running?.give();
        },
      },
    );
    this.#threads[index] = thread;
    return thread;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end()));
  }
}
