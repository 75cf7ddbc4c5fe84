import { formatAddrPort, FrameDecoder, tryDecodeMessage, WireError, type AddrPort, type Message, type WireErrorCode } from '@p2p/dave-wire';
import type { Socket } from 'node:net';
import { NodeError } from '../errors.ts';
import type { Connection, ConnectionHandlers } from '../transport.ts';
import { fromSystemAddress } from './ip-address.ts';
import { Waiters } from './waiters.ts';
import { WriteBatch } from './write-batch.ts';

const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 128 * 1024;
/** How long `end` waits for the other side's end when the caller's signal waits longer. */
const END_BOUND_MS = 5000;

/** Messages over a connected socket, which must have been made with `allowHalfOpen`. */
export class TcpConnection implements Connection {
  readonly remote: AddrPort;
  readonly #socket: Socket;
  readonly #batch: WriteBatch;
  readonly #decoder = new FrameDecoder();
  readonly #drains = new Waiters();
  readonly #ends = new Waiters();
  #handlers: ConnectionHandlers | undefined;
  /** What of the last chunk was not delivered when the reader paused. */
  #rest: Iterator<Uint8Array> | undefined;
  #paused = false;
  #delivering = false;
  /** The other side has sent everything, and the reader may not have had it all yet. */
  #endWaits = false;
  #ending = false;
  #destroyed = false;
  #closed = false;
  #lostBecause: Error | undefined;

  /** `onGone` is called once when the socket is closed, with what the reader's `onClosed` threw, if it did. */
  constructor(socket: Socket, onGone: (connection: TcpConnection, defect: Error | undefined) => void) {
    this.#socket = socket;
    this.remote = { address: fromSystemAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    this.#batch = new WriteBatch(socket, () => {
      if (this.#batch.pendingBytes <= LOW_WATER_BYTES) this.#drains.resolveAll();
    });
    socket.setNoDelay(true);
    socket.pause();
    socket.on('error', (error) => (this.#lostBecause ??= this.#lost(error)));
    socket.on('close', () => onGone(this, this.#onClose()));
  }

  start(handlers: ConnectionHandlers): void {
    if (this.#handlers !== undefined) throw new TypeError('a connection is started once');
    this.#handlers = handlers;
    if (this.#closed) queueMicrotask(() => handlers.onClosed(this.#lostBecause));
    else this.#read();
  }

  /**
   * Queues a message; false from 256 KiB of unsent bytes on, and on a connection that is over.
   * @throws WireError when the message cannot be encoded.
   */
  send(message: Message): boolean {
    if (this.#over) return false;
    this.#batch.push(message);
    return this.#batch.pendingBytes < HIGH_WATER_BYTES;
  }

  drained(signal: AbortSignal): Promise<void> {
    if (this.#over) return Promise.reject(this.#lostBecause ?? this.#lost());
    if (this.#batch.pendingBytes < HIGH_WATER_BYTES) return Promise.resolve();
    return this.#drains.add(signal);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#handlers === undefined || this.#closed) return;
    this.#deliver();
    if (!this.#paused) this.#socket.resume();
  }

  async end(signal: AbortSignal): Promise<void> {
    if (this.#closed || this.#destroyed) {
      if (this.#lostBecause !== undefined) throw this.#lostBecause;
      return;
    }
    if (this.#handlers === undefined) {
      // Nobody reads: what comes before the other side's end is dropped.
      this.start({ onMessage: () => {}, onMalformed: () => {}, onClosed: () => {} });
    }
    const bound = AbortSignal.timeout(END_BOUND_MS);
    const stop = AbortSignal.any([signal, bound]);
    this.#finish();
    try {
      await this.#ends.add(stop);
    } catch (error) {
      this.destroy();
      if (error !== bound.reason) throw error;
      throw new NodeError('NODE_CONNECTION_LOST', `${formatAddrPort(this.remote)} did not end the connection within ${END_BOUND_MS} ms; what was sent last may be lost.`);
    }
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#batch.cancel();
    this.#socket.destroy();
  }

  /** Nothing can be sent any more. A socket that failed is destroyed some turns before it says that it is closed. */
  get #over(): boolean {
    return this.#ending || this.#destroyed || this.#closed || this.#socket.destroyed;
  }

  #read(): void {
    this.#socket.on('data', (chunk: Uint8Array) => {
      this.#rest = this.#decoder.push(chunk)[Symbol.iterator]();
      this.#deliver();
    });
    this.#socket.on('end', () => {
      // A socket says that it has ended even while it is paused: what was held back comes first.
      this.#endWaits = true;
      this.#deliver();
    });
    if (!this.#paused) this.#socket.resume();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      if (this.#rest !== undefined) this.#deliverUntilPaused(this.#rest);
    } catch (error) {
      if (error instanceof WireError) this.#malformed(error.code);
      else this.#fail(error);
    } finally {
      this.#delivering = false;
    }
    if (!this.#endWaits || this.#rest !== undefined) return;
    this.#endWaits = false;
    if (this.#decoder.pendingBytes > 0) this.#malformed('WIRE_TRUNCATED');
    else this.#finish();
  }

  #deliverUntilPaused(frames: Iterator<Uint8Array>): void {
    while (!this.#paused && !this.#destroyed) {
      const next = frames.next();
      if (next.done === true) {
        this.#rest = undefined;
        return;
      }
      const message = tryDecodeMessage(next.value);
      if (typeof message === 'string') this.#handlers!.onMalformed(message);
      else this.#handlers!.onMessage(message, next.value.length);
    }
  }

  /** The framing itself is broken: nothing after this point can be understood. */
  #malformed(code: WireErrorCode): void {
    this.#rest = undefined;
    try {
      this.#handlers!.onMalformed(code);
      this.destroy();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(cause: unknown): void {
    this.#lostBecause ??= this.#lost(cause);
    this.destroy();
  }

  /** Sends our end after what is queued. */
  #finish(): void {
    if (this.#ending || this.#destroyed) return;
    this.#batch.flush();
    this.#ending = true;
    this.#drains.rejectAll(this.#lost());
    this.#socket.end();
  }

  #onClose(): Error | undefined {
    // Lost while the reader paused: what has arrived is delivered all the same, at most one chunk.
    this.#paused = false;
    this.#deliver();
    this.#closed = true;
    this.#batch.cancel();
    const error = this.#lostBecause;
    this.#drains.rejectAll(error ?? this.#lost());
    if (error === undefined && !this.#destroyed) this.#ends.resolveAll();
    else this.#ends.rejectAll(error ?? this.#lost());
    try {
      this.#handlers?.onClosed(error);
    } catch (defect) {
      return defect as Error;
    }
    return undefined;
  }

  #lost(cause?: unknown): NodeError {
    return new NodeError('NODE_CONNECTION_LOST', `The connection with ${formatAddrPort(this.remote)} is over: dial again.`, { cause });
  }
}
