import {
  type AddrPort,
  type Message,
  type Ping,
  type Pong,
  formatAddrPort,
  keyPairFromSeed,
  messageSize,
  peerIdOf,
  solveChallenge,
  verifySolutionSync,
} from '@p2p/dave-wire';
import { type LinkConditions, type MemoryEndpoint, MemoryNetwork, SeededRandom, VirtualClock } from '@p2p/testkit';
import { Counters } from '../../src/core/counters.ts';
import { Discovery } from '../../src/core/peers/discovery.ts';
import type { DiscoveryModules, DiscoveryOptions } from '../../src/core/peers/discovery-options.ts';
import type { Identity } from '../../src/env.ts';
import { NodeEmitter } from '../../src/events.ts';

/** The Go node's own proportions. */
export const INTERVALS = { pingMs: 1000, activateAfter: 5, deactivateAfter: 3, dropAfter: 12, getMyAddrMs: 600_000 } as const;

export interface WorldNode {
  readonly discovery: Discovery;
  readonly address: AddrPort;
  readonly addressKey: string;
  readonly identity: Identity;
  readonly counters: Counters;
  readonly emitter: NodeEmitter;
  /** `time type address`, as the node emitted them. */
  readonly log: string[];
  /** Every address that was learned to be its own. */
  readonly learned: string[];
  /** Stops it without a word to anybody. */
  crash(): void;
}

/** An endpoint that does only what a test makes it do. */
export interface Puppet {
  readonly address: AddrPort;
  readonly addressKey: string;
  readonly identity: Identity;
  /** What arrived, oldest first. Bytes are copies. */
  readonly received: { message: Message; from: AddrPort; atMs: number }[];
  /** Answers what arrives; set by the test. */
  onMessage: (message: Message, from: AddrPort) => void;
  send(message: Message, to: AddrPort): void;
  /** A right answer to a PING, made with `identity` (its own unless given). */
  pong(ping: Ping, options?: { identity?: Identity; addrPorts?: readonly AddrPort[]; boundTo?: AddrPort }): Pong;
  pings(): { message: Message; from: AddrPort; atMs: number }[];
}

export type NodeSetup = Partial<Omit<DiscoveryOptions, 'intervals'>> & {
  seed?: string;
  listen?: string;
  bound?: AddrPort;
  intervals?: Partial<DiscoveryOptions['intervals']>;
  modules?: Partial<DiscoveryModules>;
  start?: boolean;
};

/** A network on virtual time for nodes that have nothing but their discovery. */
export class DiscoveryWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork<Message>;
  readonly nodes: WorldNode[] = [];
  /** Every datagram that was sent. */
  readonly sent: { op: Message['op']; from: string; to: string; atMs: number; bytes: number }[] = [];

  constructor(seed: string, link: Partial<LinkConditions> = { latencyMs: () => 20 }) {
    this.random = new SeededRandom(seed);
    this.network = new MemoryNetwork<Message>({
      clock: this.clock,
      random: this.random.fork('network'),
      sizeOf: messageSize,
      link,
      observe: ({ kind, message, from, to, atMs }) => {
        if (kind === 'sent') this.sent.push({ op: message.op, from: formatAddrPort(from), to: formatAddrPort(to), atMs, bytes: messageSize(message) });
      },
    });
  }

  identity(seed: string): Identity {
    const { publicKey, privateKey } = keyPairFromSeed(this.random.fork(`key ${seed}`).bytes(32));
    return { id: peerIdOf(publicKey), publicKey, privateKey };
  }

  async node(host: string, setup: NodeSetup = {}): Promise<WorldNode> {
    const { seed = `${host}${setup.listen ?? ''}`, modules, intervals, start = true, bound, listen = `${bracketed(host)}:4127`, ...options } = setup;
    const identity = modules?.identity ?? this.identity(seed);
    const emitter = new NodeEmitter();
    const counters = new Counters();
    const log: string[] = [];
    const note = (type: string, what: string): void => {
      log.push(`${Math.round(this.clock.monotonic())} ${type} ${what}`);
    };
    for (const type of ['peer-active', 'peer-inactive', 'peer-dropped'] as const) {
      emitter.on(type, ({ peer }) => note(type, peer.addressKey));
    }
    const learned: string[] = [];
    emitter.on('address-learned', ({ address }) => learned.push(formatAddrPort(address)));
    emitter.on('error', ({ error }) => {
      throw error;
    });
    const machine = this.network.hostAt(host) ?? this.network.host(host);
    let endpoint: MemoryEndpoint<Message> | undefined;
    const discovery = new Discovery(
      { mode: 'peer', edges: [], ...options, intervals: { ...INTERVALS, ...intervals } },
      {
        clock: this.clock,
        random: this.random.fork(`node ${seed}`),
        identity,
        send: (message, to) => endpoint!.send(message, to),
        resolve: (name, signal) => machine.resolve(name, signal),
        emitter,
        counters,
        claims: () => ({ usedSpace: 7n, capacity: 1000n }),
        boundAddress: () => bound ?? endpoint!.address,
        ...modules,
        proofs: { verify: verifySolutionSync, ...modules?.proofs },
      },
    );
    endpoint = await machine.bind(listen, {
      onPacket: (message, from) => dispatch(discovery, message, from),
      onConnection: (connection) => connection.destroy(),
      onError: (error) => emitter.emit('error', { error }),
    });
    const node: WorldNode = {
      discovery,
      address: endpoint.address,
      addressKey: formatAddrPort(endpoint.address),
      identity,
      counters,
      emitter,
      log,
      learned,
      crash: () => {
        machine.crash();
        discovery.stop();
      },
    };
    this.nodes.push(node);
    if (start) discovery.start();
    return node;
  }

  async puppet(host: string, listen: string = `${bracketed(host)}:4127`): Promise<Puppet> {
    const machine = this.network.hostAt(host) ?? this.network.host(host);
    const identity = this.identity(`puppet ${host}${listen}`);
    const random = this.random.fork(`puppet ${host}${listen}`);
    const received: Puppet['received'] = [];
    const endpoint = await machine.bind(listen, {
      onPacket: (message, from) => {
        const kept = structuredClone(message);
        received.push({ message: kept, from, atMs: this.clock.monotonic() });
        puppet.onMessage(kept, from);
      },
      onConnection: (connection) => connection.destroy(),
      onError: (error) => {
        throw error;
      },
    });
    const puppet: Puppet = {
      address: endpoint.address,
      addressKey: formatAddrPort(endpoint.address),
      identity,
      received,
      onMessage: () => {},
      send: (message, to) => endpoint.send(message, to),
      pong: (ping, options = {}) => ({
        op: 'pong',
        solution: solveChallenge(
          ping.challenge,
          (options.identity ?? identity).privateKey,
          random,
          options.boundTo === undefined ? {} : { boundTo: options.boundTo },
        ),
        addrPorts: options.addrPorts ?? [],
      }),
      pings: () => received.filter(({ message }) => message.op === 'ping'),
    };
    return puppet;
  }

  /** A puppet that answers every PING rightly, as a Go node does, and PINGs nobody. */
  async answeringPuppet(host: string, named: () => readonly AddrPort[] = () => []): Promise<Puppet> {
    const puppet = await this.puppet(host);
    puppet.onMessage = (message, from) => {
      if (message.op === 'ping') puppet.send(puppet.pong(message, { addrPorts: named() }), from);
    };
    return puppet;
  }

  /** PINGs that were sent to an address. */
  pingsTo(addressKey: string): { from: string; atMs: number }[] {
    return this.sent.filter(({ op, to }) => op === 'ping' && to === addressKey);
  }

  stop(): void {
    for (const { discovery } of this.nodes) discovery.stop();
  }
}

/** A PING without extensions, as a Go node sends it. */
export function goPing(random: { bytes(length: number): Uint8Array }): Ping {
  return { op: 'ping', challenge: random.bytes(32), usedSpace: 0n, capacity: 1n };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function dispatch(discovery: Discovery, message: Message, from: AddrPort): void {
  switch (message.op) {
    case 'ping':
      return discovery.handlePing(message, from);
    case 'pong':
      return discovery.handlePong(message, from);
    case 'get-my-addr-port':
      return discovery.handleGetMyAddrPort(message, from);
    case 'get-my-addr-port-ack':
      return discovery.handleGetMyAddrPortAck(message, from);
    default:
      throw new TypeError(`discovery does not deal with ${message.op}`);
  }
}
