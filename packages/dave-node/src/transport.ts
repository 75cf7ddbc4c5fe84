import type { AddrPort, Message, WireErrorCode } from '@p2p/dave-wire';

/**
 * Datagrams and streams of Dave messages. The seam passes message objects, not bytes: the socket
 * transport encodes and decodes, the simulated one hands objects over.
 */
export interface Transport {
  /**
   * Binds the UDP port and the TCP port above it.
   * @param listen `host:port`, IPv6 in brackets; port 0 picks a free pair.
   * @throws NodeError NODE_ADDRESS_IN_USE, NODE_LISTEN_FAILED
   */
  bind(listen: string, handlers: TransportHandlers): Promise<Endpoint>;
  /** All addresses of a host name, or the literal itself. Rejects when there is none. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** What the node does with what arrives. Handlers never throw. */
export interface TransportHandlers {
  /** A decoded datagram. Byte fields may be views into a buffer that is reused after the call returns: copy what is kept. */
  onPacket(message: Message, from: AddrPort, sizeBytes: number): void;
  /** A datagram that is no message. */
  onMalformed(code: WireErrorCode, from: AddrPort, sizeBytes: number): void;
  /** A TCP connection that somebody opened to us; call `start` on it or it stays paused. */
  onConnection(connection: Connection): void;
  /** A socket error that ended nothing (such as an unreachable destination). */
  onError(error: Error): void;
}

/** A bound pair of sockets. */
export interface Endpoint {
  /** Where the UDP socket is bound. */
  readonly address: AddrPort;
  /** Sends one datagram, best effort. The message is encoded before the call returns. */
  send(message: Message, to: AddrPort): void;
  /**
   * Dials the TCP port that belongs to a peer's UDP address (port + 1).
   * Rejects with NodeError NODE_CONNECT_FAILED, or `signal.reason`.
   */
  connect(to: AddrPort, signal: AbortSignal): Promise<Connection>;
  /** Stops listening, ends connections, releases the ports. */
  close(): Promise<void>;
}

/** One TCP connection carrying length-prefixed messages. */
export interface Connection {
  readonly remote: AddrPort;
  /** Starts delivery. Message fields may be views that are only valid during the call. */
  start(handlers: ConnectionHandlers): void;
  /** Queues a message. False: above the high-water mark, wait for `drained` before the next. */
  send(message: Message): boolean;
  /** Resolves when the queue is below the high-water mark again; rejects when the connection is lost. */
  drained(signal: AbortSignal): Promise<void>;
  /** Stops and resumes reading; the sender feels it through TCP. */
  pause(): void;
  resume(): void;
  /** Flushes what is queued, ends the connection, waits for the other side's end. */
  end(signal: AbortSignal): Promise<void>;
  /** Drops it at once. */
  destroy(): void;
}

/** Who is told what a connection does. */
export interface ConnectionHandlers {
  onMessage(message: Message, sizeBytes: number): void;
  /** The stream broke the framing or a frame is no message; the connection may be destroyed by the handler. */
  onMalformed(code: WireErrorCode): void;
  /** Called once, whoever ended it. */
  onClosed(error: Error | undefined): void;
}
