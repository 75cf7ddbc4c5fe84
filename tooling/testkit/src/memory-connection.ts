import type { MemoryHost } from './memory-host.ts';
import { MemoryNetworkError } from './memory-network-error.ts';
import type { MemoryNetwork } from './memory-network.ts';
import type { Address, ConnectionHandlers } from './network-types.ts';
import type { ReliableLane } from './reliable-lane.ts';

type Segment<Message> = { kind: 'message'; message: Message; sizeBytes: number } | { kind: 'end' };

interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * One side of a stream. What was sent counts against the high-water mark until the other side has
 * consumed it and that news has travelled back, as the windows of TCP do.
 */
export class MemoryConnection<Message> {
  readonly remote: Address;
  /** The other side. */
  other!: MemoryConnection<Message>;
  /** Told once that this side is over. */
  onGone: (() => void) | undefined;
  readonly #network: MemoryNetwork<Message>;
  readonly #host: MemoryHost<Message>;
  readonly #lane: ReliableLane<Message>;
  readonly #inbox: Segment<Message>[] = [];
  readonly #drainWaiters = new Set<Waiter>();
  readonly #endWaiters = new Set<Waiter>();
  #handlers: ConnectionHandlers<Message> | undefined;
  #unreadBytes = 0;
  #paused = false;
  #consuming = false;
  #endSent = false;
  #state: 'open' | 'ended' | 'lost' = 'open';
  #lostBecause: Error | undefined;

  /** Made by `MemoryEndpoint.connect`, in pairs. */
  constructor(network: MemoryNetwork<Message>, host: MemoryHost<Message>, remote: Address, lane: ReliableLane<Message>) {
    this.#network = network;
    this.#host = host;
    this.remote = remote;
    this.#lane = lane;
    lane.onLost = (): void => this.#close(this.#lost('the other side does not answer any more'));
  }

  start(handlers: ConnectionHandlers<Message>): void {
    if (this.#handlers !== undefined) throw new TypeError('a connection is started once');
    this.#handlers = handlers;
    if (this.#state === 'open') this.#consume();
    else queueMicrotask(() => handlers.onClosed(this.#lostBecause));
  }

  /** Queues a message; false from the high-water mark on, and on a connection that is over. */
  send(message: Message): boolean {
    if (this.#state !== 'open' || this.#endSent || this.#host.crashed) return false;
    const sizeBytes = this.#network.sizeOf(message);
    const carried = this.#network.take(message);
    this.#unreadBytes += sizeBytes;
    this.#post({ kind: 'message', message: carried, sizeBytes });
    return this.#unreadBytes < this.#network.highWaterBytes;
  }

  drained(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'open') return Promise.reject(this.#lostBecause ?? this.#lost('the connection has ended'));
    if (this.#unreadBytes < this.#network.highWaterBytes) return Promise.resolve();
    return waitIn(this.#drainWaiters, signal);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#consume();
  }

  /** Ends after what is queued and waits for the other side's end. Rejects when the connection is lost first; an abort destroys it. */
  end(signal: AbortSignal): Promise<void> {
    if (this.#state === 'ended') return Promise.resolve();
    if (this.#state === 'lost') return Promise.reject(this.#lostBecause!);
    if (signal.aborted) {
      this.destroy();
      return Promise.reject(signal.reason);
    }
    const ended = waitIn(this.#endWaiters, signal);
    const onAbort = (): void => this.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#sendEnd();
    // Without handlers nobody reads: what comes before the other side's end is dropped.
    this.#handlers ??= { onMessage: (): void => {}, onClosed: (): void => {} };
    this.#consume();
    return ended.finally(() => signal.removeEventListener('abort', onAbort));
  }

  destroy(): void {
    if (this.#state !== 'open') return;
    const { other } = this;
    this.#lane.post(() => other.#close(other.#lost('the other side dropped the connection')));
    this.#close(undefined);
  }

  /** The end of the owning endpoint: sends the end and does not wait. */
  hangUp(): void {
    this.#sendEnd();
    this.#close(undefined);
  }

  #post(segment: Segment<Message>): void {
    const { other } = this;
    this.#lane.post(() => other.#receive(segment));
  }

  #sendEnd(): void {
    if (this.#endSent || this.#state !== 'open') return;
    this.#endSent = true;
    this.#post({ kind: 'end' });
  }

  #receive(segment: Segment<Message>): void {
    if (this.#state === 'open') {
      this.#inbox.push(segment);
      this.#consume();
    } else if (segment.kind === 'message') {
      const { other } = this;
      this.#lane.post(() => other.#close(other.#lost('the other side had closed the connection')));
    }
  }

  #consume(): void {
    if (this.#consuming || this.#host.crashed) return;
    this.#consuming = true;
    try {
      while (this.#handlers !== undefined && !this.#paused && this.#state === 'open') {
        const segment = this.#inbox.shift();
        if (segment === undefined) break;
        if (segment.kind === 'end') {
          this.#sendEnd();
          this.#close(undefined);
          break;
        }
        const { other } = this;
        this.#lane.post(() => other.#consumed(segment.sizeBytes));
        this.#handlers.onMessage(segment.message, segment.sizeBytes);
        this.#network.giveBack(segment.message);
      }
    } finally {
      this.#consuming = false;
    }
  }

  #consumed(sizeBytes: number): void {
    this.#unreadBytes -= sizeBytes;
    if (2 * this.#unreadBytes >= this.#network.highWaterBytes) return;
    for (const waiter of this.#drainWaiters) waiter.resolve();
    this.#drainWaiters.clear();
  }

  #close(error: Error | undefined): void {
    if (this.#state !== 'open') return;
    this.#state = error === undefined ? 'ended' : 'lost';
    this.#lostBecause = error;
    this.#inbox.length = 0;
    const lost = error ?? this.#lost('the connection has ended');
    for (const waiter of this.#drainWaiters) waiter.reject(lost);
    for (const waiter of this.#endWaiters) {
      if (error === undefined) waiter.resolve();
      else waiter.reject(error);
    }
    this.#drainWaiters.clear();
    this.#endWaiters.clear();
    this.onGone?.();
    if (!this.#host.crashed) this.#handlers?.onClosed(error);
  }

  #lost(why: string): MemoryNetworkError {
    return new MemoryNetworkError('NODE_CONNECTION_LOST', `${this.remote.address}:${this.remote.port}: ${why}`);
  }
}

function waitIn(waiters: Set<Waiter>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      waiters.delete(waiter);
      reject(signal.reason);
    };
    const waiter: Waiter = {
      resolve: () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      },
      reject: (reason) => {
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      },
    };
    waiters.add(waiter);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
