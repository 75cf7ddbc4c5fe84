import { keyPairFromSeed, peerIdOf, type AddrPort, type Dat, type Entry } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { assemble, type Modules, type Outside, type Parts } from './assemble.ts';
import { exportEntries, importEntries, type ImportReport } from './core/backup.ts';
import { count, Counters } from './core/counters.ts';
import { Dispatcher } from './core/dispatch.ts';
import type { BatchWriter, BatchWriterOptions } from './core/ops/batch-writer.ts';
import type { GetOptions, GetResult } from './core/ops/get.ts';
import type { PutDatOptions, PutOptions, PutResult } from './core/ops/put.ts';
import type { PeerInfo } from './core/peers/peer-info.ts';
import { NodeError } from './errors.ts';
import { NodeEmitter, type NodeEvents } from './events.ts';
import { openVerifier } from './io/open-verifier.ts';
import { silentLogger } from './io/silent-logger.ts';
import { SocketTransport } from './io/socket-transport.ts';
import { systemClock } from './io/system-clock.ts';
import { systemRandom } from './io/system-random.ts';
import { registerMetrics, type MetricsRegistrar, type OperationTimers } from './metrics.ts';
import { parseOptions, type DaveNodeOptions, type NodeMode, type ResolvedOptions } from './options.ts';

/** Default deadline of {@link DaveNode.waitForActivePeers}. */
const WAIT_FOR_PEERS_MS = 10_000;

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
  readonly #parts: Parts;
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
      const outside: Outside = { transport, records: options.records, peerHints: options.peerHints };
      if (TRACE) outside.traceLog = options.traceLog;
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
        outside,
      );
      node.#start();
      return node;
    } catch (error) {
      await Promise.allSettled([endpoint.close(), verifier?.close()]);
      throw error;
    }
  }

  private constructor(options: ResolvedOptions, modules: Modules, outside: Outside) {
    this.#options = options;
    this.#modules = modules;
    this.#parts = assemble(options, modules, outside);
  }

  #start(): void {
    this.#modules.dispatcher.attach(this.#parts.discovery, this.#parts.operations);
    this.#parts.operations.start();
    this.#parts.discovery.start();
    this.#parts.sweeper.start();
    // Serving does not wait for what the last run left behind.
    void this.#parts.persistence?.load().catch((error: unknown) => {
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
    return this.#parts.discovery.ownAddress;
  }

  /**
   * Signs, proves and stores a value under this node's key, on the closest peers.
   * @throws NodeError NODE_TOO_LARGE before any work, NODE_NO_PEERS, NODE_NOT_ENOUGH_ACKS (with `result`), NODE_CLOSED; `signal.reason`
   */
  put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return this.#timed('put', this.#parts.operations.put(key, value, options), () => 'stored');
  }

  /**
   * Stores a dat that was signed before, by anybody; it is verified first.
   * @throws NodeError NODE_INVALID_DAT and what {@link put} throws
   */
  putDat(dat: Dat, options: PutDatOptions = {}): Promise<PutResult> {
    return this.#timed('put', this.#parts.operations.putDat(dat, options), () => 'stored');
  }

  /** Many dats of one author over TCP to the closest peers, with back-pressure throughout. */
  batchWriter(publicKey: Uint8Array, options: BatchWriterOptions = {}): BatchWriter {
    return this.#parts.operations.batchWriter(publicKey, options);
  }

  /**
   * Reads the value of an author's key: the local copy, else from the closest peers.
   * @throws NodeError NODE_NO_PEERS at the deadline when nobody could be asked, NODE_CLOSED; `signal.reason`
   */
  get(publicKey: Uint8Array, key: string, options: GetOptions = {}): Promise<GetResult> {
    return this.#timed('get', this.#parts.operations.get(publicKey, key, options), (result) => (result.found ? 'found' : 'not-found'));
  }

  /** The live entry in this node's own store, without asking anybody. */
  localEntry(publicKey: Uint8Array, key: string): Entry | undefined {
    return this.#parts.store.get(publicKey, key, this.#modules.clock.now());
  }

  /**
   * Resolves when that many peers that can hold data are active.
   * @throws NodeError NODE_NO_PEERS or NODE_TIMEOUT at the deadline (default 10 s), saying what was tried; NODE_CLOSED; `signal.reason`
   */
  waitForActivePeers(wanted: number, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    return this.#parts.discovery.waitForActive(wanted, { ...options, timeoutMs: options.timeoutMs ?? WAIT_FOR_PEERS_MS });
  }

  get activePeerCount(): number {
    return this.#parts.discovery.activeCount;
  }

  /** Dats in the local store. */
  get entryCount(): number {
    return this.#parts.store.count;
  }

  /** Accounted bytes of the local store: 224 + key + value for each dat. */
  get usedSpace(): number {
    return this.#parts.store.usedBytes;
  }

  /** 256 × `shardCapacityBytes`: the most that the local store holds, and what PINGs claim. */
  get capacity(): number {
    return this.#parts.store.capacityBytes;
  }

  /** The sum of what this node and its active peers claim. Claims, not facts: nothing stops a peer from lying. */
  networkUsedSpaceAndCapacity(): { usedSpace: bigint; capacity: bigint } {
    let usedSpace = BigInt(this.#parts.store.usedBytes);
    let capacity = this.#options.mode === 'client' ? 0n : BigInt(this.#parts.store.capacityBytes);
    for (const peer of this.#parts.discovery.active()) {
      usedSpace += peer.usedSpace;
      capacity += peer.capacity;
    }
    return { usedSpace, capacity };
  }

  /** Every peer in the table, as of now. */
  peers(): readonly PeerInfo[] {
    return this.#parts.discovery.peers();
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
    const persistence = this.#parts.persistence;
    return importEntries(
      stream,
      {
        clock,
        verifier,
        store: this.#parts.store,
        persist: persistence === undefined ? undefined : (entry) => persistence.persisted(entry),
        onStored: (dat, outcome) => emitter.emit('stored', { dat, outcome, source: 'import' }),
      },
      options,
    );
  }

  /** The local store as a backup file of the Go implementation. Entries that change meanwhile may be in it or not. */
  exportBackup(options: { signal?: AbortSignal } = {}): AsyncIterable<Uint8Array> {
    return exportEntries(this.#parts.store, this.#modules.clock, options);
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
    this.#parts.sweeper.stop();
    this.#parts.discovery.stop();
    // One failing part must not keep the others open; the first failure is reported at the end. What is
    // underway may wait for the record store, so both end together; and the sockets go last, since
    // nothing else keeps the process alive while the record store is written.
    const flushed = await Promise.allSettled([this.#parts.operations.stop(), this.#parts.persistence?.close()]);
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
