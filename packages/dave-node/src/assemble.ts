import { createDat, messageSize, type AddrPort, type Message } from '@p2p/dave-wire';
import { TRACE, type EventLog } from '@p2p/trace';
import { count, type Counters } from './core/counters.ts';
import type { Dispatcher } from './core/dispatch.ts';
import { DEFAULT_OPERATIONS_OPTIONS, type OperationsModules } from './core/ops/modules.ts';
import { Operations } from './core/ops/operations.ts';
import { addressClass } from './core/peers/address-class.ts';
import { Discovery } from './core/peers/discovery.ts';
import { Persistence } from './core/store/persistence.ts';
import { PriorityStore } from './core/store/priority-store.ts';
import { Sweeper } from './core/sweeper.ts';
import { NodeTrace } from './core/trace/node-trace.ts';
import { TracedConnection } from './core/trace/traced-connection.ts';
import type { Clock, Identity, Logger, Random } from './env.ts';
import type { NodeEmitter } from './events.ts';
import type { DaveNodeOptions, ResolvedOptions } from './options.ts';
import type { Connection, Endpoint, Transport } from './transport.ts';
import type { Verifier } from './verifier.ts';

/** What a node is made of, and what all of its parts share. */
export interface Modules {
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

/** What was given from outside. */
export interface Outside {
  readonly transport: Pick<Transport, 'resolve'>;
  readonly records: DaveNodeOptions['records'];
  readonly peerHints: DaveNodeOptions['peerHints'];
  /** In traced builds. */
  traceLog?: EventLog | undefined;
}

export interface Parts {
  readonly store: PriorityStore;
  readonly persistence: Persistence | undefined;
  readonly discovery: Discovery;
  readonly operations: Operations;
  readonly sweeper: Sweeper;
}

/** Builds the parts of a node and hands each what it needs; none of them knows the others' makers. */
export function assemble(options: ResolvedOptions, modules: Modules, outside: Outside): Parts {
  const { clock, random, logger, emitter, counters, identity, verifier } = modules;
  const store = new PriorityStore({
    selfId: identity.id,
    shardCapacityBytes: options.shardCapacityBytes,
    ttlMs: options.ttlMs,
    hashSecret: random.bytes(16),
  });
  const persistence =
    outside.records === undefined
      ? undefined
      : new Persistence({ ttlMs: options.ttlMs }, { records: outside.records, store, verifier, clock, random, emitter, counters, logger });
  store.onEvicted = (dat, reason) => {
    persistence?.evicted(dat);
    if (emitter.has('evicted')) emitter.emit('evicted', { dat, reason });
  };
  const wire = new CountedEndpoint(modules.endpoint, counters);
  if (TRACE && outside.traceLog !== undefined) wire.trace = new NodeTrace(outside.traceLog.forNode(identity.publicKey));
  const discovery = assembleDiscovery(options, modules, outside, { wire, store });
  const operations = assembleOperations(options, modules, { wire, store, discovery, persistence });
  if (TRACE) wire.trace?.attach(discovery, emitter);
  if (TRACE) modules.dispatcher.trace = wire.trace;
  const sweeper = new Sweeper(clock, options.intervals.sweepMs, (limit, nowMs) => store.sweepExpired(limit, nowMs));
  return { store, persistence, discovery, operations, sweeper };
}

/** The sockets, with what leaves through them counted. */
class CountedEndpoint implements Pick<Endpoint, 'send' | 'connect'> {
  /** In traced builds. */
  declare trace: NodeTrace | undefined;
  readonly #endpoint: Endpoint;
  readonly #counters: Counters;

  constructor(endpoint: Endpoint, counters: Counters) {
    this.#endpoint = endpoint;
    this.#counters = counters;
  }

  send(message: Message, to: AddrPort): void {
    const sizeBytes = messageSize(message);
    count(this.#counters.packetsSent, message.op);
    this.#counters.bytesSent += sizeBytes;
    if (TRACE) this.trace?.sent(message, to, sizeBytes);
    this.#endpoint.send(message, to);
  }

  connect(to: AddrPort, signal: AbortSignal): Promise<Connection> {
    if (TRACE && this.trace !== undefined) return TracedConnection.dialled(this.#endpoint.connect(to, signal), this.trace, to);
    return this.#endpoint.connect(to, signal);
  }
}

function assembleDiscovery(options: ResolvedOptions, modules: Modules, outside: Outside, { wire, store }: { wire: CountedEndpoint; store: PriorityStore }): Discovery {
  const { clock, random, logger, emitter, counters, endpoint, identity } = modules;
  return new Discovery(
    { mode: options.mode, edges: options.edges, intervals: options.intervals, maxPeers: options.limits.maxPeers },
    {
      clock,
      random,
      identity,
      emitter,
      counters,
      logger,
      hints: outside.peerHints,
      send: (message, to) => wire.send(message, to),
      resolve: (host, signal) => outside.transport.resolve(host, signal),
      boundAddress: () => endpoint.address,
      claims: () => ({ usedSpace: BigInt(store.usedBytes), capacity: options.mode === 'client' ? 0n : BigInt(store.capacityBytes) }),
    },
  );
}

function assembleOperations(
  options: ResolvedOptions,
  modules: Modules,
  { wire, store, discovery, persistence }: { wire: CountedEndpoint; store: PriorityStore; discovery: Discovery; persistence: Persistence | undefined },
): Operations {
  const { clock, random, identity, verifier, emitter, counters, logger } = modules;
  const needs: OperationsModules = {
    clock,
    random,
    identity,
    store,
    verifier,
    emitter,
    counters,
    logger,
    createDat,
    directory: discovery,
    isExempt: (from) => options.limits.exemptLoopback && addressClass(from.address) === 'loopback',
    endpoint: wire,
    persist: persistence === undefined ? undefined : (entry) => persistence.persisted(entry),
    recall: persistence === undefined ? undefined : (name) => persistence.recall(name),
  };
  if (TRACE) needs.trace = wire.trace;
  return new Operations(
    {
      ...DEFAULT_OPERATIONS_OPTIONS,
      mode: options.mode,
      capabilities: { putAck: true, directedDiscovery: false, client: options.mode === 'client', protocolVersion: 1 },
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
    needs,
  );
}
