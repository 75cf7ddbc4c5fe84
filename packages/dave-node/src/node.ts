import { createDat, keyPairFromSeed, messageSize, peerIdOf, type AddrPort, type Dat, type Entry } from '@p2p/dave-wire';
import { exportEntries, importEntries, type ImportReport } from './core/backup.ts';
import { count, Counters } from './core/counters.ts';
import { Dispatcher } from './core/dispatch.ts';
import type { BatchWriter, BatchWriterOptions } from './core/ops/batch-writer.ts';
import type { GetOptions, GetResult } from './core/ops/get.ts';
import { DEFAULT_OPERATIONS_OPTIONS } from './core/ops/modules.ts';
import { Operations } from './core/ops/operations.ts';
import type { PutDatOptions, PutOptions, PutResult } from './core/ops/put.ts';
import { addressClass } from './core/peers/address-class.ts';
import { Discovery } from './core/peers/discovery.ts';
import type { PeerInfo } from './core/peers/peer-info.ts';
import { Persistence } from './core/store/persistence.ts';
import { PriorityStore } from './core/store/priority-store.ts';
import { Sweeper } from './core/sweeper.ts';
import type { Clock, Identity, Logger, Random } from './env.ts';
import { NodeError } from './errors.ts';
import { NodeEmitter, type NodeEvents } from './events.ts';
import { openVerifier } from './io/open-verifier.ts';
import { silentLogger } from './io/silent-logger.ts';
import { SocketTransport } from './io/socket-transport.ts';
import { systemClock } from './io/system-clock.ts';
import { systemRandom } from './io/system-random.ts';
import { registerMetrics, type MetricsRegistrar, type OperationTimers } from './metrics.ts';
import { parseOptions, type DaveNodeOptions, type NodeMode, type ResolvedOptions } from './options.ts';
import type { Endpoint } from './transport.ts';
import type { Verifier } from './verifier.ts';

/** Default deadline of {@link DaveNode.waitForActivePeers}. */
const WAIT_FOR_PEERS_MS = 10_000;

interface Modules {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly verifier: Verifier;
  readonly emitter: NodeEmitter;
  readonly counters: Counters;
  readonly dispatcher: Dispatcher;
  readonly endpoint: Endpoint;
  readonly identity: Identity;
}

/**
 * One peer of a Dave network. Embeddable: no globals, no process hooks, several per process.
 *
 * @example
 * const node = await DaveNode.open({ privateKey, edges: ['seed.example.org:4127'] });
 * try {
 *   await node.waitForActivePeers(1);
 *   await node.put('greeting', new TextEncoder().encode('hello'), { minAcks: 3 });
 * } finally {
 *   await node.close();
 * }
 */
export class DaveNode implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #modules: Modules;
  readonly #store: PriorityStore;
  readonly #persistence: Persistence | undefined;
  readonly #discovery: Discovery;
  readonly #operations: Operations;
  readonly #sweeper: Sweeper;
  readonly #timers: OperationTimers[] = [];
  #closing: Promise<void> | undefined = undefined;

  /**
   * Binds the sockets, starts to look for peers and resolves; it does not wait for peers.
   * @throws NodeError NODE_BAD_OPTION, NODE_ADDRESS_IN_USE, NODE_LISTEN_FAILED; `signal.reason`
   */
  static async open(options: DaveNodeOptions): Promise<DaveNode> {
    const resolved = parseOptions(options);
    options.signal?.throwIfAborted();
    const keyPair = keyPairFromSeed(resolved.privateKey);
    const emitter = new NodeEmitter();
    const counters = new Counters();
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? silentLogger;
    // Background failures must not vanish where nobody listens for them.
    emitter.on('error', ({ error }) => logger.error('background failure', { error: error.message, code: (error as { code?: unknown }).code }));
    const dispatcher = new Dispatcher(counters, (error) => {
      count(counters.packetsDropped, 'socket-error');
      logger.debug('socket error', { error: error.message });
    });
    const transport = options.transport ?? new SocketTransport();
    const endpoint = await transport.bind(resolved.listen, dispatcher);
    let verifier = options.verifier;
    try {
      options.signal?.throwIfAborted();
      verifier ??= openVerifier({
        threads: resolved.verifyThreads,
        clock,
        minWork: resolved.minWork,
        skewMs: resolved.skewMs,
        onError: (error) => emitter.emit('error', { error }),
      });
      const node = new DaveNode(
        resolved,
        {
          clock,
          logger,
          emitter,
          counters,
          dispatcher,
          endpoint,
          verifier,
          random: options.random ?? systemRandom,
          identity: { id: peerIdOf(keyPair.publicKey), publicKey: keyPair.publicKey, privateKey: keyPair.privateKey },
        },
        { transport, records: options.records, peerHints: options.peerHints },
      );
      node.#start();
      return node;
    } catch (error) {
      await Promise.allSettled([endpoint.close(), verifier?.close()]);
      throw error;
    }
  }

  private constructor(
    options: ResolvedOptions,
    modules: Modules,
    outside: { transport: Pick<SocketTransport, 'resolve'>; records: DaveNodeOptions['records']; peerHints: DaveNodeOptions['peerHints'] },
  ) {
    const { clock, random, logger, emitter, counters, endpoint, identity, verifier } = modules;
    this.#options = options;
    this.#modules = modules;
    const store = new PriorityStore({
      selfId: identity.id,
      shardCapacityBytes: options.shardCapacityBytes,
      ttlMs: options.ttlMs,
      hashSecret: random.bytes(16),
    });
    this.#store = store;
    const persistence =
      outside.records === undefined
        ? undefined
        : new Persistence({ ttlMs: options.ttlMs }, { records: outside.records, store, verifier, clock, random, emitter, counters, logger });
    this.#persistence = persistence;
    store.onEvicted = (dat, reason) => {
      persistence?.evicted(dat);
      if (emitter.has('evicted')) emitter.emit('evicted', { dat, reason });
    };
    const capabilities = { putAck: true, directedDiscovery: false, client: options.mode === 'client', protocolVersion: 1 };
    const counted: Pick<Endpoint, 'send' | 'connect'> = {
      send: (message, to) => {
        count(counters.packetsSent, message.op);
        counters.bytesSent += messageSize(message);
        endpoint.send(message, to);
      },
      connect: (to, signal) => endpoint.connect(to, signal),
    };
    this.#discovery = new Discovery(
      { mode: options.mode, edges: options.edges, intervals: options.intervals, maxPeers: options.limits.maxPeers },
      {
        clock,
        random,
        identity,
        emitter,
        counters,
        logger,
        hints: outside.peerHints,
        send: counted.send,
        resolve: (host, signal) => outside.transport.resolve(host, signal),
        boundAddress: () => endpoint.address,
        claims: () => ({ usedSpace: BigInt(store.usedBytes), capacity: options.mode === 'client' ? 0n : BigInt(store.capacityBytes) }),
      },
    );
    this.#operations = new Operations(
      {
        ...DEFAULT_OPERATIONS_OPTIONS,
        mode: options.mode,
        capabilities,
        minWork: options.minWork,
        skewMs: options.skewMs,
        ttlMs: options.ttlMs,
        maxPendingVerifications: options.limits.maxPendingVerifications,
        maxOutstandingGets: options.limits.maxOutstandingGets,
        maxConnectionsPerIp: options.limits.maxConnectionsPerIp,
        maxConnections: options.limits.maxConnections,
        replicateMs: options.intervals.replicateMs,
        replicationStaggerMs: options.intervals.replicationStaggerMs,
      },
      {
        clock,
        random,
        identity,
        store,
        verifier,
        emitter,
        counters,
        logger,
        createDat,
        directory: this.#discovery,
        isExempt: (from) => options.limits.exemptLoopback && addressClass(from.address) === 'loopback',
        endpoint: counted,
        persist: persistence === undefined ? undefined : (entry) => persistence.persisted(entry),
        recall: persistence === undefined ? undefined : (name) => persistence.recall(name),
      },
    );
    this.#sweeper = new Sweeper(clock, options.intervals.sweepMs, (limit, nowMs) => store.sweepExpired(limit, nowMs));
  }

  #start(): void {
    this.#modules.dispatcher.attach(this.#discovery, this.#operations);
    this.#operations.start();
    this.#discovery.start();
    this.#sweeper.start();
    // Serving does not wait for what the last run left behind.
    void this.#persistence?.load().catch((error: unknown) => {
      if (this.#closing === undefined) this.#modules.emitter.emit('error', { error: error as Error });
    });
  }

  /** 64-bit peer id: the first eight bytes of the public key, little-endian. */
  get id(): bigint {
    return this.#modules.identity.id;
  }

  /** 32 bytes. */
  get publicKey(): Uint8Array {
    return this.#modules.identity.publicKey;
  }

  get mode(): NodeMode {
    return this.#options.mode;
  }

  /** Where the UDP socket is bound; TCP listens on the next port. */
  get listenAddress(): AddrPort {
    return this.#modules.endpoint.address;
  }

  /** Our address as others see it; undefined until enough of them said. */
  get address(): AddrPort | undefined {
    return this.#discovery.ownAddress;
  }

  /**
   * Signs, proves and stores a value under this node's key, on the closest peers.
   * @throws NodeError NODE_TOO_LARGE before any work, NODE_NO_PEERS, NODE_NOT_ENOUGH_ACKS (with `result`), NODE_CLOSED; `signal.reason`
   */
  put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return this.#timed('put', this.#operations.put(key, value, options), () => 'stored');
  }

  /**
   * Stores a dat that was signed before, by anybody; it is verified first.
   * @throws NodeError NODE_INVALID_DAT and what {@link put} throws
   */
  putDat(dat: Dat, options: PutDatOptions = {}): Promise<PutResult> {
    return this.#timed('put', this.#operations.putDat(dat, options), () => 'stored');
  }

  /** Many dats of one author over TCP to the closest peers, with back-pressure throughout. */
  batchWriter(publicKey: Uint8Array, options: BatchWriterOptions = {}): BatchWriter {
    return this.#operations.batchWriter(publicKey, options);
  }

  /**
   * Reads the value of an author's key: the local copy, else from the closest peers.
   * @throws NodeError NODE_NO_PEERS at the deadline when nobody could be asked, NODE_CLOSED; `signal.reason`
   */
  get(publicKey: Uint8Array, key: string, options: GetOptions = {}): Promise<GetResult> {
    return this.#timed('get', this.#operations.get(publicKey, key, options), (result) => (result.found ? 'found' : 'not-found'));
  }

  /** The live entry in this node's own store, without asking anybody. */
  localEntry(publicKey: Uint8Array, key: string): Entry | undefined {
    return this.#store.get(publicKey, key, this.#modules.clock.now());
  }

  /**
   * Resolves when that many peers that can hold data are active.
   * @throws NodeError NODE_NO_PEERS or NODE_TIMEOUT at the deadline (default 10 s), saying what was tried; NODE_CLOSED; `signal.reason`
   */
  waitForActivePeers(wanted: number, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    return this.#discovery.waitForActive(wanted, { ...options, timeoutMs: options.timeoutMs ?? WAIT_FOR_PEERS_MS });
  }

  get activePeerCount(): number {
    return this.#discovery.activeCount;
  }

  /** Dats in the local store. */
  get entryCount(): number {
    return this.#store.count;
  }

  /** Accounted bytes of the local store: 224 + key + value for each dat. */
  get usedSpace(): number {
    return this.#store.usedBytes;
  }

  /** 256 × `shardCapacityBytes`: the most that the local store holds, and what PINGs claim. */
  get capacity(): number {
    return this.#store.capacityBytes;
  }

  /** The sum of what this node and its active peers claim. Claims, not facts: nothing stops a peer from lying. */
  networkUsedSpaceAndCapacity(): { usedSpace: bigint; capacity: bigint } {
    let usedSpace = BigInt(this.#store.usedBytes);
    let capacity = this.#options.mode === 'client' ? 0n : BigInt(this.#store.capacityBytes);
    for (const peer of this.#discovery.active()) {
      usedSpace += peer.usedSpace;
      capacity += peer.capacity;
    }
    return { usedSpace, capacity };
  }

  /** Every peer in the table, as of now. */
  peers(): readonly PeerInfo[] {
    return this.#discovery.peers();
  }

  /** Listens until disposed of or `signal` aborts. */
  on<K extends keyof NodeEvents>(type: K, listener: (event: NodeEvents[K]) => void, options?: { signal?: AbortSignal }): Disposable {
    return this.#modules.emitter.on(type, listener, options);
  }

  /**
   * Reads a backup file of the Go implementation into the local store; every dat is verified.
   * Resolves with what became of its records; damage costs the damaged records only.
   */
  importBackup(stream: AsyncIterable<Uint8Array>, options: { signal?: AbortSignal } = {}): Promise<ImportReport> {
    const { clock, verifier, emitter } = this.#modules;
    const persistence = this.#persistence;
    return importEntries(
      stream,
      {
        clock,
        verifier,
        store: this.#store,
        persist: persistence === undefined ? undefined : (entry) => persistence.persisted(entry),
        onStored: (dat, outcome) => emitter.emit('stored', { dat, outcome, source: 'import' }),
      },
      options,
    );
  }

  /** The local store as a backup file of the Go implementation. Entries that change meanwhile may be in it or not. */
  exportBackup(options: { signal?: AbortSignal } = {}): AsyncIterable<Uint8Array> {
    return exportEntries(this.#store, this.#modules.clock, options);
  }

  /** Publishes counters, gauges and histograms, all prefixed `dave_`. */
  metrics(registrar: MetricsRegistrar): void {
    this.#timers.push(
      registerMetrics(registrar, {
        counters: this.#modules.counters,
        peersByState: () => {
          const states: Record<string, number> = { unproven: 0, proven: 0, active: 0, inactive: 0 };
          for (const peer of this.peers()) count(states, peer.state);
          return states;
        },
        usedSpace: () => this.usedSpace,
        capacity: () => this.capacity,
        entryCount: () => this.entryCount,
        pendingVerifications: () => this.#modules.verifier.pending,
      }),
    );
  }

  /** Stops taking packets, settles every wait with NODE_CLOSED, makes what was accepted durable, releases the ports. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { dispatcher, endpoint, verifier } = this.#modules;
    dispatcher.detach();
    this.#sweeper.stop();
    this.#discovery.stop();
    // One failing part must not keep the others open; the first failure is reported at the end. What is
    // underway may wait for the record store, so both end together; and the sockets go last, since
    // nothing else keeps the process alive while the record store is written.
    const flushed = await Promise.allSettled([this.#operations.stop(), this.#persistence?.close()]);
    const results = [...flushed, ...(await Promise.allSettled([endpoint.close(), verifier.close()]))];
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason instanceof NodeError ? failure.reason : new NodeError('NODE_RECORDS_FAILED', 'closing the node failed', { cause: failure.reason });
  }

  async #timed<T>(operation: 'get' | 'put', work: Promise<T>, outcomeOf: (result: T) => string): Promise<T> {
    if (this.#timers.length === 0) return work;
    const startedMs = this.#modules.clock.monotonic();
    const observe = (outcome: string): void => {
      const seconds = (this.#modules.clock.monotonic() - startedMs) / 1000;
      for (const timers of this.#timers) timers.observe(operation, seconds, outcome);
    };
    try {
      const result = await work;
      observe(outcomeOf(result));
      return result;
    } catch (error) {
      observe('failed');
      throw error;
    }
  }
}
