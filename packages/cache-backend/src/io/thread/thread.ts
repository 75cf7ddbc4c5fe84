import { Worker } from 'node:worker_threads';
import { CacheError } from '../../errors.ts';
import type { CopyTask } from '../tree/tree-copy.ts';
import { fromFailure } from './failures.ts';
import type { Message, OperationName, Operations, ThreadData } from './protocol.ts';

const WORKER: URL = import.meta.url.endsWith('.ts') ? new URL('./worker.ts', import.meta.url) : new URL('./io/thread/worker.js', import.meta.url);

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** News that nobody asked for. */
export interface ThreadEvents {
  onShare?: (job: number, tasks: CopyTask[]) => void;
  onTrash?: () => void;
  onBackground?: (error: Error) => void;
}

/** A thread that works on files. It keeps the process alive only while somebody waits for it. */
export class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: Error | undefined;

  constructor(data: ThreadData, events: ThreadEvents) {
    this.#worker = new Worker(WORKER, { workerData: data, execArgv: [], name: 'cache-files' });
    this.#worker.unref();
    this.#worker.on('message', (message: Message) => {
      if ('share' in message) events.onShare?.(message.share.job, message.share.tasks);
      else if ('trash' in message) events.onTrash?.();
      else if ('background' in message) events.onBackground?.(fromFailure(message.background));
      else this.#settle(message);
    });
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the thread ended')));
  }

  request<K extends OperationName>(name: K, args: Operations[K][0]): Promise<Operations[K][1]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      this.#worker.postMessage({ id, name, args });
    });
  }

  /** True when it broke down or was ended: it takes no more work. */
  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(message: Extract<Message, { id: number }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('failure' in message) waiting?.reject(fromFailure(message.failure));
    else waiting?.resolve(message.result as never);
  }

  #end(cause: unknown): void {
    this.#ended ??= new CacheError('CACHE_CLOSED', 'a thread of the cache ended', { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
