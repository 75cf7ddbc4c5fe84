import { NodeError, type NodeErrorCode } from '../../errors.ts';
import { assertTimeout } from '../assert-timeout.ts';
import { type Scheduled, type Timetable, scheduled } from './timetable.ts';

interface Waiter {
  readonly wanted: number;
  readonly task: Scheduled;
  resolve(): void;
  reject(error: unknown): void;
}

/** Callers that wait for peers to become active. */
export class ActivityWaiters {
  readonly #waiting = new Set<Waiter>();
  readonly #timetable: Timetable;
  readonly #usable: () => number;
  readonly #whyNot: () => string;
  #closed = false;

  /**
   * @param usable active peers that can hold data.
   * @param whyNot what was tried so far, for the message of a failure.
   */
  constructor(timetable: Timetable, usable: () => number, whyNot: () => string) {
    this.#timetable = timetable;
    this.#usable = usable;
    this.#whyNot = whyNot;
  }

  wait(wanted: number, options: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<void> {
    const { timeoutMs, signal } = options;
    if (!Number.isSafeInteger(wanted) || wanted < 0) throw new TypeError(`the number of peers to wait for must be a whole number >= 0, not ${wanted}`);
    assertTimeout(timeoutMs);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      if (this.#closed) return reject(closedError());
      if (this.#usable() >= wanted) return resolve();
      const finish = (): void => {
        this.#waiting.delete(waiter);
        this.#timetable.cancel(waiter.task);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => waiter.reject(signal?.reason);
      const waiter: Waiter = {
        wanted,
        task: scheduled(() => waiter.reject(this.#timedOut(wanted, timeoutMs))),
        resolve: () => (finish(), resolve()),
        reject: (error) => (finish(), reject(error)),
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#timetable.at(waiter.task, this.#timetable.now() + timeoutMs);
    });
  }

  /** Call after a peer became active. */
  check(): void {
    if (this.#waiting.size === 0) return;
    const usable = this.#usable();
    for (const waiter of this.#waiting) if (usable >= waiter.wanted) waiter.resolve();
  }

  /** Ends all waits with NODE_CLOSED. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.reject(closedError());
  }

  #timedOut(wanted: number, timeoutMs: number): NodeError {
    const usable = this.#usable();
    const code: NodeErrorCode = usable === 0 ? 'NODE_NO_PEERS' : 'NODE_TIMEOUT';
    return new NodeError(code, `${usable} of ${wanted} peers were active after ${timeoutMs} ms. ${this.#whyNot()}`);
  }
}

function closedError(): NodeError {
  return new NodeError('NODE_CLOSED', 'The node is closed: open a new one to wait for peers.');
}
