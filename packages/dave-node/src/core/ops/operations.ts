import type { AddrPort, Dat, Get, GetAck, Put, PutAck } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { NodeError } from '../../errors.ts';
import type { Connection } from '../../transport.ts';
import { BatchWriter, type BatchWriterOptions } from './batch-writer.ts';
import { assertPublicKey } from './dat-fits.ts';
import { Delivery } from './delivery.ts';
import { GetRun, type GetOptions, type GetResult } from './get.ts';
import { Ingest } from './ingest.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import { AckWaiters } from './put-acks.ts';
import { Putter, type PutDatOptions, type PutOptions, type PutResult } from './put.ts';
import { receivePut } from './receive-put.ts';
import { GetRequests } from './requests.ts';
import { Replication } from './replication.ts';
import { serveGet } from './serve-get.ts';
import { TcpService } from './tcp-service.ts';

/** Reading, writing, receiving and replicating: everything that a node does with dats. */
export class Operations {
  readonly ingest: Ingest;
  readonly #options: OperationsOptions;
  readonly #modules: OperationsModules;
  readonly #requests: GetRequests;
  readonly #acks: AckWaiters;
  readonly #putter: Putter;
  readonly #tcp: TcpService;
  readonly #replication: Replication;
  readonly #closing = new AbortController();
  readonly #underway = new Set<Promise<unknown>>();

  constructor(options: OperationsOptions, modules: OperationsModules) {
    this.#options = options;
    this.#modules = modules;
    this.ingest = new Ingest(options, modules);
    this.#requests = new GetRequests(options.maxOutstandingGets, modules.random, modules.counters);
    this.#acks = new AckWaiters(modules.random, modules.counters);
    const delivery = new Delivery(options, modules, this.#requests, this.#acks);
    this.#tcp = new TcpService(options, modules, this.ingest);
    this.#replication = new Replication(options, modules, { ingest: this.ingest, requests: this.#requests, delivery });
    this.#putter = new Putter(options, modules, { ingest: this.ingest, delivery, onUnconfirmed: (dat) => this.#replication.lookAfter(dat) });
  }

  /** Begins to keep replicas; receiving and answering need no start. */
  start(): void {
    this.#replication.start();
  }

  /** A PUT that came as a datagram. Its bytes may be reused after the call. */
  handlePut(message: Put, from: AddrPort): void {
    if (this.#closing.signal.aborted) return;
    this.#inBackground(receivePut(this.#modules, this.ingest, message, from));
  }

  handlePutAck(message: PutAck, from: AddrPort): void {
    this.#acks.receive(message, from);
  }

  handleGet(message: Get, from: AddrPort): void {
    if (this.#closing.signal.aborted) return;
    const late = serveGet(this.#modules, message, from);
    if (late !== undefined) this.#inBackground(late);
  }

  handleGetAck(message: GetAck, from: AddrPort): void {
    this.#requests.receive(message, from);
  }

  /** A connection that somebody opened to us. */
  handleConnection(connection: Connection): void {
    this.#tcp.accept(connection);
  }

  /** See {@link GetRun.run}. Rejects with NODE_CLOSED when the node is closed first. */
  get(publicKey: Uint8Array, key: string, options: GetOptions = {}): Promise<GetResult> {
    const run = new GetRun(this.#options, this.#modules, this.#requests, this.ingest);
    if (TRACE) options = this.#modules.trace?.begin(options, 'get', publicKey, key) ?? options;
    const work = run.run(publicKey, key, options, this.#closing.signal);
    if (TRACE) this.#modules.trace?.closeWith(options, 'get', work);
    return this.#track(work);
  }

  /** Signs, proves and writes under our own key. See {@link Putter.put}. */
  put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    if (TRACE) options = this.#modules.trace?.begin(options, 'put', this.#modules.identity.publicKey, key) ?? options;
    const work = this.#putter.put(key, value, options, this.#closing.signal);
    if (TRACE) this.#modules.trace?.closeWith(options, 'put', work);
    return this.#track(work);
  }

  /** Writes a dat that was signed before, by anybody. See {@link Putter.putDat}. */
  putDat(dat: Dat, options: PutDatOptions = {}): Promise<PutResult> {
    if (TRACE) options = this.#modules.trace?.begin(options, 'put', dat.publicKey, dat.key) ?? options;
    const work = this.#putter.putDat(dat, options, this.#closing.signal);
    if (TRACE) this.#modules.trace?.closeWith(options, 'put', work);
    return this.#track(work);
  }

  /** Many dats of one author. See {@link BatchWriter}. */
  batchWriter(publicKey: Uint8Array, batch: BatchWriterOptions = {}): BatchWriter {
    assertPublicKey(publicKey);
    const parts = {
      ingest: this.ingest,
      requests: this.#requests,
      closing: this.#closing.signal,
      onUnconfirmed: (dat: Dat): void => this.#replication.lookAfter(dat),
    };
    return new BatchWriter(publicKey, batch, this.#options, this.#modules, parts);
  }

  /** Ends every wait with NODE_CLOSED and resolves when all have ended. */
  async stop(): Promise<void> {
    this.#closing.abort(new NodeError('NODE_CLOSED', 'the node was closed'));
    this.#tcp.stop();
    this.#replication.stop();
    await Promise.allSettled(this.#underway);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#underway.delete(tracked));
    this.#underway.add(tracked);
    return tracked;
  }

  #inBackground(work: Promise<unknown>): void {
    void this.#track(work).catch((error: unknown) => {
      // Closing the verifier rejects what waits for it; that is no failure.
      if (!this.#closing.signal.aborted) this.#modules.emitter.emit('error', { error: error as Error });
    });
  }
}
