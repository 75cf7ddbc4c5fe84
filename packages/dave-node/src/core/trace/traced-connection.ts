import { messageSize, type AddrPort, type Message } from '@p2p/dave-wire';
import type { Connection, ConnectionHandlers } from '../../transport.ts';
import type { NodeTrace } from './node-trace.ts';

/** What precedes each message on a stream. */
const PREFIX_BYTES = 2;
/** Codes of `streamClosed`. */
const FAILED = 1;

/** A connection whose messages are recorded; otherwise the one that it wraps. */
export class TracedConnection implements Connection {
  readonly #inner: Connection;
  readonly #trace: NodeTrace;
  readonly #stream: number;
  readonly #peerAddress: AddrPort;

  /** @param peerAddress by which the peer is known, where the connection's own is another one */
  constructor(inner: Connection, trace: NodeTrace, peerAddress: AddrPort = inner.remote) {
    this.#inner = inner;
    this.#trace = trace;
    this.#peerAddress = peerAddress;
    this.#stream = trace.streamOpened(peerAddress);
  }

  /** One that we open to a peer with this UDP address. */
  static async dialled(dialling: Promise<Connection>, trace: NodeTrace, to: AddrPort): Promise<Connection> {
    return new TracedConnection(await dialling, trace, to);
  }

  get remote(): AddrPort {
    return this.#inner.remote;
  }

  start(handlers: ConnectionHandlers): void {
    this.#inner.start({
      onMessage: (message, sizeBytes) => {
        this.#trace.received(message, this.#peerAddress, sizeBytes);
        handlers.onMessage(message, sizeBytes);
      },
      onMalformed: (code) => handlers.onMalformed(code),
      onClosed: (error) => {
        this.#trace.streamClosed(this.#peerAddress, this.#stream, error === undefined ? 0 : FAILED);
        handlers.onClosed(error);
      },
    });
  }

  send(message: Message): boolean {
    this.#trace.sent(message, this.#peerAddress, PREFIX_BYTES + messageSize(message));
    return this.#inner.send(message);
  }

  drained(signal: AbortSignal): Promise<void> {
    return this.#inner.drained(signal);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(signal: AbortSignal): Promise<void> {
    return this.#inner.end(signal);
  }

  destroy(): void {
    this.#inner.destroy();
  }
}
