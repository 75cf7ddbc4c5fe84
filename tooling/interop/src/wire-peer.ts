import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  copyMessage,
  encodeFrame,
  encodeMessage,
  generateKeyPair,
  solveChallenge,
  systemRandom,
  tryDecodeMessage,
  type KeyPair,
  type Message,
} from '@p2p/dave-wire';
import { InteropError } from './interop-error.ts';

/** What was received: the message, its bytes as they came, and from which UDP port. */
export interface Received<M extends Message = Message> {
  readonly message: M;
  readonly bytes: Uint8Array;
  readonly port: number;
}

type Op = Message['op'];
type MessageOf<O extends Op> = Extract<Message, { op: O }>;

interface Wait {
  readonly matches: (packet: Received) => boolean;
  readonly resolve: (packet: Received) => void;
}

/** How PINGs are answered: with a right solution, with one whose signature is spoilt, or not at all. */
export type PongHabit = 'right' | 'forged' | 'none';

const HOST = '::1';
const MOST_ATTEMPTS = 64;
const RECEIVE_MS = 20_000;
/** Enough for every test; a test that does not read must not fill the memory. */
const MOST_KEPT = 4096;

/**
 * Bare sockets that speak `@p2p/dave-wire` and nothing above it: a UDP port on loopback and the TCP
 * port above it. It does by itself what a test would do each second, answering PINGs, and no more.
 */
export class WirePeer implements AsyncDisposable {
  readonly keyPair: KeyPair = generateKeyPair();
  readonly port: number;
  readonly address: string;
  /** One for each accepted TCP connection: its chunks, as they came. */
  readonly streams: Uint8Array[][] = [];
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pongs: PongHabit;
  readonly #kept: Received[] = [];
  readonly #waits = new Set<Wait>();
  #finishedStreams = 0;

  private constructor(udp: UdpSocket, tcp: Server, pongs: PongHabit) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.#pongs = pongs;
    this.port = udp.address().port;
    this.address = `[${HOST}]:${this.port}`;
    udp.on('message', (bytes, from) => this.#onPacket(bytes, from));
    tcp.on('connection', (socket) => this.#onConnection(socket));
  }

  /** Binds a free pair of ports. */
  static async open(options: { readonly pongs?: PongHabit } = {}): Promise<WirePeer> {
    for (let attempt = 1; ; attempt += 1) {
      const udp = createSocket('udp6');
      udp.bind(0, HOST);
      await once(udp, 'listening');
      const tcp = createServer();
      try {
        tcp.listen(udp.address().port + 1, HOST);
        await once(tcp, 'listening');
        return new WirePeer(udp, tcp, options.pongs ?? 'right');
      } catch (error) {
        udp.close();
        if (attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  /** Packets that came and were not taken by `receive`. */
  get kept(): readonly Received[] {
    return this.#kept;
  }

  /** Connections that the dialler has ended. */
  get finishedStreams(): number {
    return this.#finishedStreams;
  }

  send(message: Message, port: number): void {
    this.sendBytes(encodeMessage(message), port);
  }

  sendBytes(bytes: Uint8Array, port: number): void {
    this.#udp.send(bytes, port, HOST);
  }

  /**
   * The first packet with that op, come already or to come, for which `where` holds; it is then taken.
   *
   * @throws InteropError `INTEROP_TIMEOUT`
   */
  async receive<O extends Op>(op: O, where: (message: MessageOf<O>) => boolean = () => true): Promise<Received<MessageOf<O>>> {
    const matches = ({ message }: Received): boolean => message.op === op && where(message as MessageOf<O>);
    const at = this.#kept.findIndex(matches);
    if (at >= 0) return this.#kept.splice(at, 1)[0] as Received<MessageOf<O>>;
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const wait: Wait = { matches, resolve };
    this.#waits.add(wait);
    const timer = setTimeout(() => reject(new InteropError('INTEROP_TIMEOUT', `no such ${op} within ${RECEIVE_MS} ms`)), RECEIVE_MS);
    try {
      return (await promise) as Received<MessageOf<O>>;
    } finally {
      clearTimeout(timer);
      this.#waits.delete(wait);
    }
  }

  /** Dials the TCP port above a UDP port; `write` what the test wants, the end is sent behind it. */
  async stream(udpPort: number, chunks: readonly Uint8Array[]): Promise<void> {
    const socket = connect({ port: udpPort + 1, host: HOST, noDelay: true });
    await once(socket, 'connect');
    // Each chunk is a segment of its own, as far as the kernel plays along.
    for (const chunk of chunks) await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ]);
  }

  #onPacket(bytes: Uint8Array, from: RemoteInfo): void {
    const decoded = tryDecodeMessage(bytes);
    if (typeof decoded === 'string') throw new InteropError('INTEROP_REFUSED', `${decoded}: a packet that does not decode`);
    const message = copyMessage(decoded);
    if (message.op === 'ping' && this.#pongs !== 'none') this.#answer(message.challenge, from.port);
    const packet: Received = { message, bytes: Uint8Array.from(bytes), port: from.port };
    for (const wait of this.#waits) {
      if (!wait.matches(packet)) continue;
      this.#waits.delete(wait);
      return wait.resolve(packet);
    }
    if (this.#kept.length < MOST_KEPT) this.#kept.push(packet);
  }

  #answer(challenge: Uint8Array, port: number): void {
    const solution = solveChallenge(challenge, this.keyPair.privateKey, systemRandom);
    if (this.#pongs === 'forged') solution.signature[0]! ^= 1;
    this.send({ op: 'pong', solution, addrPorts: [] }, port);
  }

  #onConnection(socket: Socket): void {
    const chunks: Uint8Array[] = [];
    this.streams.push(chunks);
    this.#sockets.add(socket);
    socket.on('data', (chunk) => chunks.push(Uint8Array.from(chunk)));
    socket.on('end', () => (this.#finishedStreams += 1));
    // A reset is the dialler's affair; the test sees what came before it.
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** Messages as a stream of frames. */
export function framesOf(messages: readonly Message[]): Uint8Array {
  return Buffer.concat(messages.map((message) => encodeFrame(encodeMessage(message))));
}
