import { peerIdOf, type Dat, type Entry } from '@p2p/dave-wire';
import { TRACE, type TraceContext } from '@p2p/trace';
import { NodeError } from '../../errors.ts';
import type { NodeEvents } from '../../events.ts';
import { equalBytes } from '../peers/equal-bytes.ts';
import type { Peer } from '../peers/peer.ts';
import { isAck, noOutcomes, type BatchReport, type ReplicaReport, type WriteOutcome } from './batch-report.ts';
import { BatchSample } from './batch-sample.ts';
import { detachEntry } from './dat-bytes.ts';
import { assertFits } from './dat-fits.ts';
import { Deadline, sleep } from './deadline.ts';
import type { Ingest } from './ingest.ts';
import { localOutcome } from './local-outcome.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import type { ReplicaOutcome } from './put-acks.ts';
import { rankReplicas, replicaIds, type Replica } from './replicas.ts';
import { ReplicaLink } from './replica-link.ts';
import type { GetRequests } from './requests.ts';
import { Semaphore } from './semaphore.ts';
import { waitForPeers } from './wait-for-peers.ts';

export type { BatchReport, ReplicaReport, WriteOutcome } from './batch-report.ts';

/** How a batch is written. */
export interface BatchWriterOptions {
  /** Aborting drops the connections and rejects what is underway. */
  signal?: AbortSignal;
  /** The caller vouches for the dats, so they are not verified here. Default false. */
  trusted?: boolean;
  /** Where tracing is on: the span that this batch belongs to. Default: it begins a trace. */
  trace?: TraceContext | undefined;
}

/** What a batch needs of the operations that made it. */
export interface BatchParts {
  readonly ingest: Ingest;
  readonly requests: GetRequests;
  readonly closing: AbortSignal;
  /** Called for a dat that some replica did not confirm. */
  readonly onUnconfirmed: (dat: Dat) => void;
}

interface Target {
  readonly link: ReplicaLink;
  readonly report: ReplicaReport;
}

/** Calls of `write` that may wait for their turn. */
const MOST_WAITING = 65_536;
/** Chunks that `writable` holds. */
const STREAM_CHUNKS = 64;

/**
 * Writes many dats of one author: to the local store, then over TCP to the closest peers, with
 * back-pressure from the slowest of them and a bounded number underway. Replicas that become active
 * meanwhile get the dats that follow. What no replica confirmed is told in the report; nothing is
 * dropped silently. Close it.
 */
export class BatchWriter implements AsyncDisposable {
  /** The same as a stream: a write is taken when there is room for it, and `close` ends the batch. A dat that is refused errors the stream. */
  readonly writable: WritableStream<Dat>;
  readonly #publicKey: Uint8Array;
  readonly #target: bigint;
  readonly #options: OperationsOptions;
  readonly #modules: OperationsModules;
  readonly #parts: BatchParts;
  readonly #sample: BatchSample;
  readonly #trusted: boolean;
  readonly #abort = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #slots: Semaphore;
  readonly #underway = new Set<Promise<unknown>>();
  readonly #targets = new Map<bigint, Target>();
  readonly #subscriptions: Disposable[] = [];
  #ranking: readonly Replica[] = [];
  #current: readonly Target[] = [];
  #opened: Promise<void> | undefined;
  #closed: Promise<BatchReport> | undefined;
  #streamFailure: Error | undefined;
  readonly #totals = { written: 0, acked: 0, failed: 0 };

  /** Made by `batchWriter` of a node. */
  constructor(publicKey: Uint8Array, batch: BatchWriterOptions, options: OperationsOptions, modules: OperationsModules, parts: BatchParts) {
    this.#publicKey = Uint8Array.from(publicKey);
    this.#target = peerIdOf(publicKey);
    this.#options = options;
    this.#modules = modules;
    this.#parts = parts;
    if (TRACE) modules.trace?.open(this, 'batch', publicKey, undefined, batch.trace);
    this.#sample = new BatchSample(modules, parts.requests);
    this.#trusted = batch.trusted ?? false;
    this.#slots = new Semaphore(options.linkWindow);
    this.#parents = [batch.signal, parts.closing].filter((signal) => signal !== undefined);
    for (const parent of this.#parents) {
      if (parent.aborted) this.#onParentAbort({ target: parent });
      else parent.addEventListener('abort', this.#onParentAbort, { once: true });
    }
    this.writable = new WritableStream<Dat>(
      {
        write: (dat) => this.#writeChunk(dat),
        close: async () => {
          await this.close();
          if (this.#streamFailure !== undefined) throw this.#streamFailure;
        },
        abort: (reason) => this.#drop(reason),
      },
      new CountQueuingStrategy({ highWaterMark: STREAM_CHUNKS }),
    );
  }

  /**
   * Writes one dat; resolves when every replica has confirmed it, was sent it, or is given up. Await
   * it or use `writable`: up to 65 536 calls may wait. The dat must not be changed until then.
   * Rejects with NODE_TOO_LARGE, NODE_INVALID_DAT, NODE_NO_ROOM (too many waiting), NODE_NO_PEERS
   * (a client without peers), NODE_CLOSED, or the signal's reason.
   */
  async write(dat: Dat): Promise<WriteOutcome> {
    const { outcome } = await this.#begin(dat);
    return await outcome;
  }

  /** Waits for all that is underway, ends the connections, and reports. Safe to call twice. */
  close(): Promise<BatchReport> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Resolves when there is room for the dat; what it returns ends with the dat's way. */
  async #begin(dat: Dat): Promise<{ outcome: Promise<WriteOutcome> }> {
    const { signal } = this.#abort;
    if (this.#closed !== undefined) throw new NodeError('NODE_CLOSED', 'the batch is closed: open another with batchWriter');
    signal.throwIfAborted();
    if (!equalBytes(dat.publicKey, this.#publicKey)) throw new TypeError('a batch takes dats of the author it was opened for');
    assertFits(dat.key, dat.value, false);
    if (this.#slots.waiting >= MOST_WAITING) {
      throw new NodeError('NODE_NO_ROOM', `${MOST_WAITING} writes are waiting: await each write, or use writable`);
    }
    return await this.#tracked(this.#start(dat));
  }

  async #start(dat: Dat): Promise<{ outcome: Promise<WriteOutcome> }> {
    await this.#slots.acquire(this.#abort.signal);
    const outcome = this.#tracked(this.#run(dat).finally(() => this.#slots.release()));
    return { outcome };
  }

  /** Counts it as underway. Whoever started it gets the rejection. */
  #tracked<T>(work: Promise<T>): Promise<T> {
    // Settles like the work, after which the work is forgotten.
    const counted = work.finally(() => this.#underway.delete(counted));
    counted.catch(() => undefined);
    this.#underway.add(counted);
    return counted;
  }

  async #run(dat: Dat): Promise<WriteOutcome> {
    this.#opened ??= this.#open();
    await this.#opened;
    const { clock, verifier } = this.#modules;
    const { ingest } = this.#parts;
    const refusal = ingest.precheck(dat);
    const verdict = refusal === undefined && !this.#trusted ? await verifier.verify(dat) : undefined;
    const reason = refusal ?? (verdict?.valid === false ? verdict.reason : undefined);
    if (reason !== undefined) throw new NodeError('NODE_INVALID_DAT', `every node would refuse the dat under key ${JSON.stringify(dat.key)}: ${reason}`);
    this.#totals.written += 1;
    // A node that does not acknowledge may be sent it again after the caller has used the dat's bytes for the next one.
    const entry = detachEntry({ dat, replicas: replicaIds(this.#ranking) });
    if (TRACE) this.#modules.trace?.start(entry, this, 'write');
    const local = await ingest.admit(entry, 'local', this.#abort.signal).settled;
    if (TRACE && (this.#abort.signal.aborted || local.reason === 'older')) this.#modules.trace?.finish(entry, 'write', false);
    this.#abort.signal.throwIfAborted();
    if (local.reason === 'older') return this.#counted(entry.dat, { local: 'newer', replicas: [], acks: 0 });
    if (dat.time > clock.now()) await sleep(clock, dat.time - clock.now(), this.#abort.signal);
    this.#sample.offer(entry.dat);
    const sending = this.#send(entry, localOutcome(local.reason));
    if (TRACE) this.#modules.trace?.finishWith(entry, 'write', sending, ({ acks }) => acks > 0);
    return this.#counted(entry.dat, await sending);
  }

  async #send(entry: Entry, local: ReplicaOutcome): Promise<WriteOutcome> {
    const targets = this.#current;
    for (const { link } of targets) if (link.full) await link.room(this.#abort.signal);
    const replicas: WriteOutcome['replicas'] = [];
    await new Promise<void>((resolve) => {
      let left = targets.length;
      if (left === 0) resolve();
      for (const { link, report } of targets) {
        link.offer({
          entry,
          settled: false,
          settle: (outcome) => {
            report.outcomes[outcome] += 1;
            replicas.push({ id: report.id, outcome });
            left -= 1;
            if (left === 0) resolve();
          },
        });
      }
    });
    this.#abort.signal.throwIfAborted();
    return { local, replicas, acks: replicas.filter(({ outcome }) => isAck(outcome)).length };
  }

  #counted(dat: Dat, outcome: WriteOutcome): WriteOutcome {
    if (outcome.acks > 0) this.#totals.acked += 1;
    else if (outcome.replicas.every((replica) => replica.outcome !== 'sent')) this.#totals.failed += 1;
    if (outcome.replicas.some((replica) => replica.outcome === 'unconfirmed')) this.#parts.onUnconfirmed(dat);
    return outcome;
  }

  async #open(): Promise<void> {
    const { clock, directory, emitter } = this.#modules;
    if (this.#options.mode === 'client') {
      using deadline = new Deadline(clock, this.#options.putTimeoutMs, this.#abort.signal);
      if (!(await waitForPeers(directory, emitter, 1, deadline))) {
        throw new NodeError('NODE_NO_PEERS', 'no peer became active before the deadline, and a client is no replica itself: give more edges');
      }
    }
    this.#rank();
    const changes: readonly (keyof NodeEvents)[] = ['peer-active', 'peer-inactive', 'peer-dropped'];
    for (const change of changes) this.#subscriptions.push(emitter.on(change, () => this.#rank()));
  }

  /** Opens links to peers that have become replicas. Links to former ones stay until the end: dats of theirs are underway. */
  #rank(): void {
    if (this.#abort.signal.aborted) return;
    const { directory, identity } = this.#modules;
    this.#ranking = rankReplicas(directory, { id: identity.id, client: this.#options.mode === 'client' }, this.#target);
    this.#current = this.#ranking.flatMap(({ peer }) => (peer === undefined ? [] : [this.#targetFor(peer)]));
  }

  #targetFor(peer: Peer): Target {
    let target = this.#targets.get(peer.id);
    if (target === undefined) {
      const report = { id: peer.id, outcomes: noOutcomes(), delivered: 0, sampled: 0, sampleFound: 0 };
      target = { link: new ReplicaLink(peer, this.#options, this.#modules), report };
      this.#targets.set(peer.id, target);
    }
    return target;
  }

  async #writeChunk(dat: Dat): Promise<void> {
    if (this.#streamFailure !== undefined) throw this.#streamFailure;
    const { outcome } = await this.#begin(dat);
    outcome.catch((error: unknown) => {
      this.#streamFailure ??= error as Error;
    });
  }

  async #close(): Promise<BatchReport> {
    try {
      // A write may begin another step while it is waited for.
      while (this.#underway.size > 0) await Promise.allSettled(this.#underway);
      this.#abort.signal.throwIfAborted();
      const targets = [...this.#targets.values()];
      using deadline = new Deadline(this.#modules.clock, this.#options.putTimeoutMs, this.#abort.signal);
      await Promise.all(targets.map((target) => this.#finish(target, deadline)));
      this.#abort.signal.throwIfAborted();
      if (TRACE) this.#modules.trace?.close(this, 'batch', this.#totals.failed === 0);
      return { ...this.#totals, replicas: targets.map(({ report }) => report) };
    } finally {
      this.#drop(new NodeError('NODE_CLOSED', 'the batch is closed'));
    }
  }

  async #finish({ link, report }: Target, deadline: Deadline): Promise<void> {
    try {
      await link.close(deadline.signal);
      report.delivered = link.delivered;
      if (report.outcomes.sent > 0) Object.assign(report, await this.#sample.check(link.peer, deadline.signal));
    } catch (error) {
      // Out of time: the report says how far it got.
      if (!deadline.timedOut) throw error;
    }
  }

  readonly #onParentAbort = (event: { readonly target: unknown }): void => this.#drop((event.target as AbortSignal).reason);

  #drop(reason: unknown): void {
    if (TRACE) this.#modules.trace?.close(this, 'batch', false);
    this.#abort.abort(reason);
    for (const parent of this.#parents) parent.removeEventListener('abort', this.#onParentAbort);
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    for (const { link } of this.#targets.values()) link.destroy();
  }
}
