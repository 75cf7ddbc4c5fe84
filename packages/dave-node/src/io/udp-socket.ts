import { tryDecodeMessage, type AddrPort, type Message, type WireErrorCode } from '@p2p/dave-wire';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { NodeError } from '../errors.ts';
import { fromSystemAddress, toSocketAddress } from './ip-address.ts';
import { SendQueue } from './send-queue.ts';

export interface UdpHandlers {
  onPacket(message: Message, from: AddrPort, sizeBytes: number): void;
  onMalformed(code: WireErrorCode, from: AddrPort, sizeBytes: number): void;
  onError(error: Error): void;
}

export interface UdpOptions {
  address: string;
  /** 0: the system chooses. */
  port: number;
  /** Asked of the system, which may give less. */
  bufferBytes: number;
}

/** A bound UDP socket that speaks messages. IPv4 peers of an IPv6 socket appear, and are addressed, as IPv4. */
export class UdpSocket {
  readonly address: AddrPort;
  readonly #socket: Socket;
  readonly #family: 4 | 6;
  readonly #queue: SendQueue;
  readonly #handlers: UdpHandlers;
  #closed = false;

  private constructor(socket: Socket, family: 4 | 6, handlers: UdpHandlers) {
    const bound = socket.address();
    this.address = { address: fromSystemAddress(bound.address), port: bound.port };
    this.#socket = socket;
    this.#family = family;
    this.#handlers = handlers;
    this.#queue = new SendQueue(
      (bytes, to, done) => this.#transmit(bytes, to, done),
      (error) => handlers.onError(error),
    );
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    socket.on('error', (error) => handlers.onError(error));
  }

  /** Rejects with the system's error. */
  static bind(options: UdpOptions, handlers: UdpHandlers): Promise<UdpSocket> {
    const family = options.address.includes(':') ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: false,
      // Only literals get here; the default lookup would put every send off to another turn.
      lookup: (address, _options, callback) => callback(null, address, family),
    });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      // With a synchronous lookup this is emitted inside bind().
      socket.once('listening', () => {
        socket.removeAllListeners('error');
        growBuffers(socket, options.bufferBytes);
        resolve(new UdpSocket(socket, family, handlers));
      });
      socket.bind({ address: options.address, port: options.port, exclusive: true });
    });
  }

  /** Datagrams dropped because the queue was full, and refused by the system. */
  get unsent(): { dropped: number; failed: number } {
    return { dropped: this.#queue.dropped, failed: this.#queue.failed };
  }

  /** Encodes and queues; whatever goes wrong is told to `onError`, or counted when the queue is full. */
  send(message: Message, to: AddrPort): void {
    if (this.#closed) return;
    try {
      this.#queue.push(message, to);
    } catch (error) {
      this.#handlers.onError(error as Error);
    }
  }

  /** Sends what is queued and releases the port. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.flush();
    await new Promise<void>((resolve) => {
      this.#socket.close(resolve);
    });
  }

  #transmit(bytes: Uint8Array, to: AddrPort, done: (error: Error | null) => void): void {
    const address = toSocketAddress(to.address, this.#family);
    if (address === undefined) {
      done(new NodeError('NODE_SEND_FAILED', `${to.address} is IPv6 and the socket is IPv4 only: listen on [::].`));
      return;
    }
    try {
      this.#socket.send(bytes, to.port, address, done);
    } catch (cause) {
      // Port 0 and text that is no address are refused by throwing.
      done(new NodeError('NODE_SEND_FAILED', `Cannot send to ${to.address} port ${to.port}: check the address.`, { cause }));
    }
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (this.#closed) return;
    const sender: AddrPort = { address: fromSystemAddress(from.address), port: from.port };
    const message = tryDecodeMessage(bytes);
    try {
      if (typeof message === 'string') this.#handlers.onMalformed(message, sender, bytes.length);
      else this.#handlers.onPacket(message, sender, bytes.length);
    } catch (error) {
      // A defect met by one packet must not let a stranger end the process.
      this.#handlers.onError(error as Error);
    }
  }
}

function growBuffers(socket: Socket, bytes: number): void {
  try {
    socket.setRecvBufferSize(bytes);
    socket.setSendBufferSize(bytes);
  } catch {
    // Some systems refuse what is above their limit instead of capping it; the default size works too.
  }
}
