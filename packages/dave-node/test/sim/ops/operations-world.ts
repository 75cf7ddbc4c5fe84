import {
  createDat,
  keyPairFromSeed,
  messageSize,
  peerIdOf,
  verifyDatSync,
  type AddrPort,
  type CreateDatOptions,
  type Dat,
  type Entry,
  type Message,
} from '@p2p/dave-wire';
import { MemoryNetwork, SeededRandom, VirtualClock, type LinkConditions, type MemoryHost } from '@p2p/testkit';
import { Counters } from '../../../src/core/counters.ts';
import { DEFAULT_OPERATIONS_OPTIONS, type OperationsModules, type OperationsOptions } from '../../../src/core/ops/modules.ts';
import { Operations } from '../../../src/core/ops/operations.ts';
import type { Peer } from '../../../src/core/peers/peer.ts';
import { PriorityStore } from '../../../src/core/store/priority-store.ts';
import type { Identity } from '../../../src/env.ts';
import { NodeEmitter } from '../../../src/events.ts';
import type { Verifier } from '../../../src/verifier.ts';
import { ManualDirectory, peerAt } from '../../doubles/peer-directory.ts';

export interface OpsNode {
  readonly host: string;
  readonly address: AddrPort;
  readonly identity: Identity;
  readonly operations: Operations;
  readonly directory: ManualDirectory;
  readonly store: PriorityStore;
  readonly emitter: NodeEmitter;
  readonly counters: Counters;
  readonly verifier: CountingVerifier;
  /** This node as others see it. */
  readonly peer: Peer;
  crash(): void;
}

export interface OpsSetup {
  options?: Partial<OperationsOptions>;
  modules?: Partial<OperationsModules>;
  shardCapacityBytes?: number;
  start?: boolean;
}

/** Verifies on the spot, later in the same turn, and counts. `hold` keeps verdicts back. */
export class CountingVerifier implements Verifier {
  calls = 0;
  pending = 0;
  readonly #world: OpsWorld;
  readonly #skewMs: number;
  #gate: Promise<void> | undefined;

  constructor(world: OpsWorld, skewMs: number) {
    this.#world = world;
    this.#skewMs = skewMs;
  }

  /** Nothing is answered until the function that is returned is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve();
    };
  }

  async verify(dat: Dat): ReturnType<Verifier['verify']> {
    this.calls += 1;
    this.pending += 1;
    const verdict = verifyDatSync(dat, { now: this.#world.clock.now(), skewMs: this.#skewMs });
    await this.#gate;
    this.pending -= 1;
    return verdict;
  }

  async close(): Promise<void> {}
}

const ignore = (): void => {};

/** Operations of several nodes on one memory network; who knows whom is decided by the test. */
export class OpsWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork<Message>;
  readonly nodes: OpsNode[] = [];
  /** Every datagram that was sent; bytes are copies. */
  readonly sent: { message: Message; from: string; to: string }[] = [];

  constructor(seed: string, link: Partial<LinkConditions> = {}) {
    this.random = new SeededRandom(seed);
    this.network = new MemoryNetwork<Message>({
      clock: this.clock,
      random: this.random.fork('network'),
      sizeOf: messageSize,
      link,
      observe: ({ kind, message, from, to }) => {
        if (kind === 'sent') this.sent.push({ message: structuredClone(message), from: from.address, to: to.address });
      },
    });
  }

  identity(name: string): Identity {
    const { publicKey, privateKey } = keyPairFromSeed(this.random.fork(`key ${name}`).bytes(32));
    return { id: peerIdOf(publicKey), publicKey, privateKey };
  }

  async node(host: string, setup: OpsSetup = {}): Promise<OpsNode> {
    const identity = this.identity(host);
    const emitter = new NodeEmitter();
    emitter.on('error', ({ error }) => {
      throw error;
    });
    const counters = new Counters();
    const directory = new ManualDirectory(emitter);
    const options: OperationsOptions = { ...DEFAULT_OPERATIONS_OPTIONS, ...setup.options };
    const random = this.random.fork(`node ${host}`);
    const store = new PriorityStore({
      selfId: identity.id,
      shardCapacityBytes: setup.shardCapacityBytes ?? 65_536,
      ttlMs: options.ttlMs,
      hashSecret: random.bytes(16),
    });
    const verifier = new CountingVerifier(this, options.skewMs);
    const machine: MemoryHost<Message> = this.network.host(host);
    const endpoint = await machine.bind(`${host}:4127`, {
      onPacket: (message, from) => dispatch(operations, message, from),
      onConnection: (connection) => operations.handleConnection(connection),
      onError: ignore,
    });
    const operations = new Operations(options, {
      clock: this.clock,
      random,
      identity,
      directory,
      store,
      verifier,
      persist: undefined,
      endpoint,
      emitter,
      counters,
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      createDat: (draft, run) => this.clock.hold(createDat(draft, run)),
      ...setup.modules,
    });
    const node: OpsNode = {
      host,
      address: endpoint.address,
      identity,
      operations,
      directory,
      store,
      emitter,
      counters,
      verifier,
      peer: peerAt(endpoint.address, identity.id, identity.publicKey, { client: options.mode === 'client' }),
      crash: () => {
        machine.crash();
        void operations.stop();
      },
    };
    this.nodes.push(node);
    if (setup.start !== false) operations.start();
    return node;
  }

  /** `count` nodes that all know each other. */
  async mesh(count: number, setup: OpsSetup = {}): Promise<OpsNode[]> {
    const nodes: OpsNode[] = [];
    for (let at = 1; at <= count; at++) nodes.push(await this.node(`192.0.2.${at}`, setup));
    this.introduce(nodes);
    return nodes;
  }

  /** Makes them active peers of each other. */
  introduce(nodes: readonly OpsNode[]): void {
    for (const node of nodes) for (const other of nodes) if (other !== node) node.directory.activate(other.peer);
  }

  /** Lets something that waits come to its end. */
  run<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    return this.clock.runUntilSettled(promise, limitMs);
  }

  dat(author: Identity, key: string, value: string, draft: Partial<CreateDatOptions> = {}): Promise<Dat> {
    return createDat({ privateKey: author.privateKey, key, value: new TextEncoder().encode(value), time: this.clock.now() - 2000, ...draft });
  }

  /** Puts a dat into a node's store, as if it had always been there. */
  plant(node: OpsNode, dat: Dat, replicas: readonly bigint[] = []): void {
    const entry: Entry = { dat, replicas };
    const { outcome } = node.store.admit(entry, this.clock.now());
    if (outcome !== 'inserted' && outcome !== 'updated') throw new Error(`planting was refused: ${outcome}`);
  }

  holds(node: OpsNode, dat: Dat): boolean {
    const held = node.store.get(dat.publicKey, dat.key, this.clock.now());
    return held !== undefined && Buffer.compare(held.dat.signature, dat.signature) === 0;
  }
}

function dispatch(operations: Operations, message: Message, from: AddrPort): void {
  if (message.op === 'put') operations.handlePut(message, from);
  else if (message.op === 'put-ack') operations.handlePutAck(message, from);
  else if (message.op === 'get') operations.handleGet(message, from);
  else if (message.op === 'get-ack') operations.handleGetAck(message, from);
}
