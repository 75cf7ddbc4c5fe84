import { notFoundEntry, verifyDatSync, type AddrPort, type Dat, type Entry, type Message } from '@p2p/dave-wire';
import type { MemoryConnection, MemoryEndpoint } from '@p2p/testkit';
import type { Timer } from '../../../src/env.ts';
import type { Peer } from '../../../src/core/peers/peer.ts';
import { peerAt } from '../../doubles/peer-directory.ts';
import type { OpsWorld } from './operations-world.ts';

/** The silence after which the Go node closes a connection, as measured on it. */
const SILENCE_MS = 1020;

/** What the Go node does with PUT and GET: it acknowledges nothing, and listens for a second at a time. */
export class GoNode {
  readonly stored: Map<string, Entry> = new Map();
  readonly peer: Peer;
  /** Everything that arrived over TCP. */
  readonly frames: Message[] = [];
  /** Set, its UDP buffer is always full for PUTs. */
  losesDatagramPuts = false;
  connections = 0;
  closedForSilence = 0;
  readonly endpoint: MemoryEndpoint<Message>;
  readonly #world: OpsWorld;

  /** A Go node at a host; at one that had another before, it starts with nothing. */
  static async at(world: OpsWorld, host: string): Promise<GoNode> {
    const machine = world.network.hostAt(host) ?? world.network.host(host);
    const endpoint: MemoryEndpoint<Message> = await machine.bind(`${host}:4127`, {
      onPacket: (message, from) => go.#onPacket(message, from),
      onConnection: (connection) => go.#onConnection(connection as MemoryConnection<Message>),
      onError: () => {},
    });
    const go = new GoNode(world, host, endpoint);
    return go;
  }

  private constructor(world: OpsWorld, host: string, endpoint: MemoryEndpoint<Message>) {
    this.#world = world;
    this.endpoint = endpoint;
    const { id, publicKey } = world.identity(`go ${host}`);
    this.peer = peerAt(endpoint.address, id, publicKey, { go: true });
  }

  holds(dat: Dat): boolean {
    return this.stored.get(nameOf(dat.publicKey, dat.key))?.dat.time === dat.time;
  }

  #onPacket(message: Message, from: AddrPort): void {
    if (message.op === 'put') {
      if (!this.losesDatagramPuts) this.#store(message.entry);
    } else if (message.op === 'get') {
      const entry = this.stored.get(nameOf(message.publicKey, message.key)) ?? notFoundEntry(message.publicKey, message.key);
      this.endpoint.send({ op: 'get-ack', entry }, from);
    }
  }

  #onConnection(connection: MemoryConnection<Message>): void {
    this.connections += 1;
    let timer: Timer;
    const listen = (): void => {
      timer = this.#world.clock.setTimer(SILENCE_MS, () => {
        this.closedForSilence += 1;
        connection.destroy();
      });
    };
    listen();
    connection.start({
      onMessage: (message) => {
        timer.cancel();
        listen();
        this.frames.push(structuredClone(message));
        if (message.op === 'put') this.#store(message.entry);
      },
      onClosed: () => timer.cancel(),
    });
  }

  #store(entry: Entry): void {
    const { dat } = structuredClone(entry);
    if (!verifyDatSync(dat, { now: this.#world.clock.now() }).valid) return;
    this.stored.set(nameOf(dat.publicKey, dat.key), { dat, replicas: entry.replicas });
  }
}

function nameOf(publicKey: Uint8Array, key: string): string {
  return `${Buffer.from(publicKey).toString('hex')} ${key}`;
}
