import { FANOUT, peerIdOf, type Dat, type Entry } from '@p2p/dave-wire';
import { TRACE, type TraceContext } from '@p2p/trace';
import { NodeError } from '../../errors.ts';
import { count } from '../counters.ts';
import { detachEntry } from './dat-bytes.ts';
import { assertFits } from './dat-fits.ts';
import { Deadline } from './deadline.ts';
import type { Delivery } from './delivery.ts';
import type { Ingest, IngestReason } from './ingest.ts';
import { localOutcome } from './local-outcome.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import type { ReplicaOutcome } from './put-acks.ts';
import { rankReplicas, replicaIds, type Replica } from './replicas.ts';
import { waitForPeers } from './wait-for-peers.ts';

/** How a write that was signed before goes out. */
export interface PutDatOptions {
  /** Replicas, ourselves included, that must have the dat for the put to count: 0 to 5. Default 0: the result tells. */
  minAcks?: number;
  /** Default 10 000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Where tracing is on: the span that this write belongs to. Default: it begins a trace. */
  trace?: TraceContext | undefined;
}

/** How a write is signed, proven and sent. */
export interface PutOptions extends PutDatOptions {
  /** Leading zero bits of work. Default 8, the least that is accepted. */
  difficulty?: number;
  /** Binds the value to its key, see `bindValue` of `@p2p/dave-wire`. Default false. */
  bindKey?: boolean;
}

/** What one of the closest peers, or ourselves, did with a dat. */
export interface PutReplica {
  id: bigint;
  outcome: ReplicaOutcome;
}

/** Where a dat has gone. */
export interface PutResult {
  dat: Dat;
  /** The closest five, closest first, ourselves included where we are one of them. */
  replicas: PutReplica[];
  /** How many of them have the dat. */
  acks: number;
}

/** NODE_NOT_ENOUGH_ACKS with what was reached: the dat is out there, on fewer replicas than demanded. */
export class NotEnoughAcksError extends NodeError {
  readonly result: PutResult;

  constructor(wanted: number, result: PutResult) {
    const outcomes = result.replicas.map(({ outcome }) => outcome).join(', ') || 'no replica';
    super(
      'NODE_NOT_ENOUGH_ACKS',
      `${result.acks} of at least ${wanted} replicas have the dat (${outcomes}): demand fewer, allow more time, or put the same dat again with putDat`,
    );
    this.result = result;
  }
}

/** What writing needs of the operations it belongs to. */
export interface PutParts {
  readonly ingest: Ingest;
  readonly delivery: Delivery;
  /** Called for a dat that some replica did not confirm. */
  readonly onUnconfirmed: (dat: Dat) => void;
}

/** A node signs with times a little in the past: Go peers refuse dats ahead of their clock by any amount. */
const CLOCK_ALLOWANCE_MS = 2000;
/** What is left of it to a node that puts more than a dat per millisecond: their times may then be equal. */
const LEAST_ALLOWANCE_MS = 1000;

/** Writes dats: to the local store, then to the closest peers. */
export class Putter {
  readonly #options: OperationsOptions;
  readonly #modules: OperationsModules;
  readonly #parts: PutParts;
  #lastTime = 0;

  constructor(options: OperationsOptions, modules: OperationsModules, parts: PutParts) {
    this.#options = options;
    this.#modules = modules;
    this.#parts = parts;
  }

  /** Signs, proves and writes. Rejects before any work with NODE_TOO_LARGE when it cannot fit a packet. */
  async put(key: string, value: Uint8Array, options: PutOptions, closing: AbortSignal): Promise<PutResult> {
    assertFits(key, value, options.bindKey === true);
    assertMinAcks(options.minAcks);
    options.signal?.throwIfAborted();
    closing.throwIfAborted();
    const { identity, createDat } = this.#modules;
    using deadline = this.#deadline(options, closing);
    if (TRACE) this.#modules.trace?.start(deadline, options, 'sign-and-prove');
    const signing = createDat(
      {
        privateKey: identity.privateKey,
        key,
        value,
        time: this.#timeFor(key),
        ...(options.difficulty === undefined ? {} : { difficulty: options.difficulty }),
        ...(options.bindKey === undefined ? {} : { bindKey: options.bindKey }),
      },
      { signal: deadline.signal },
    );
    if (TRACE) this.#modules.trace?.finishWith(deadline, 'sign-and-prove', signing);
    const dat = await signing;
    return await this.#write(dat, options, deadline);
  }

  /** Writes a dat that somebody signed. Rejects with NODE_INVALID_DAT when it does not verify. */
  async putDat(dat: Dat, options: PutDatOptions, closing: AbortSignal): Promise<PutResult> {
    assertFits(dat.key, dat.value, false);
    assertMinAcks(options.minAcks);
    options.signal?.throwIfAborted();
    closing.throwIfAborted();
    using deadline = this.#deadline(options, closing);
    const refusal = this.#parts.ingest.precheck(dat);
    const own = detachEntry({ dat, replicas: [] }).dat;
    if (TRACE && refusal === undefined) this.#modules.trace?.start(own, options, 'verify');
    const verifying = refusal === undefined ? this.#modules.verifier.verify(own) : undefined;
    if (TRACE && verifying !== undefined) this.#modules.trace?.finishWith(own, 'verify', verifying, ({ valid }) => valid);
    const verdict = await verifying;
    const reason = refusal ?? (verdict?.valid === false ? verdict.reason : undefined);
    if (reason !== undefined) {
      throw new NodeError('NODE_INVALID_DAT', `every node would refuse this dat (${reason}): make it with createDat, with a time that is neither ahead nor expired`);
    }
    return await this.#write(own, options, deadline);
  }

  #deadline(options: PutDatOptions, closing: AbortSignal): Deadline {
    return new Deadline(this.#modules.clock, options.timeoutMs ?? this.#options.putTimeoutMs, options.signal, closing);
  }

  /** Later than whatever we wrote before and, as far as we know it, than what stands under this key. */
  #timeFor(key: string): number {
    const { clock, identity, store } = this.#modules;
    const nowMs = clock.now();
    const standing = store.get(identity.publicKey, key, nowMs)?.dat.time ?? -1;
    // A clock that was set back leaves a time behind that everyone would refuse, for as long as it was set back.
    const last = this.#lastTime > nowMs ? 0 : this.#lastTime;
    const next = Math.max(last, Math.min(last + 1, nowMs - LEAST_ALLOWANCE_MS));
    this.#lastTime = Math.max(0, nowMs - CLOCK_ALLOWANCE_MS, next, standing + 1);
    return this.#lastTime;
  }

  async #write(dat: Dat, options: PutDatOptions, deadline: Deadline): Promise<PutResult> {
    const { directory, identity, counters } = this.#modules;
    const target = peerIdOf(dat.publicKey);
    const minAcks = options.minAcks ?? 0;
    const client = this.#options.mode === 'client';
    const wantedPeers = Math.max(client ? 1 : 0, minAcks - (client ? 0 : 1));
    const someone = await this.#meet(wantedPeers, deadline);
    const replicas = rankReplicas(directory, { id: identity.id, client }, target);
    const entry: Entry = { dat, replicas: replicaIds(replicas) };
    if (TRACE) this.#modules.trace?.inherit(entry, options);
    const admission = this.#parts.ingest.admit(entry, 'local', deadline.signal);
    this.#assertStands(admission.reason, replicas);
    if (!someone && replicas.length === 0) {
      throw new NodeError('NODE_NO_PEERS', 'no peer became active before the deadline, and a client is no replica itself: give more edges');
    }
    const outcomes = await Promise.all(
      replicas.map(async ({ peer }) =>
        peer === undefined ? localOutcome((await admission.settled).reason) : await this.#parts.delivery.deliver(peer, entry, deadline.signal),
      ),
    );
    // It may have been evicted again before it was durable.
    this.#assertStands((await admission.settled).reason, replicas);
    const result: PutResult = {
      dat,
      replicas: replicas.map(({ id }, index) => ({ id, outcome: outcomes[index]! })),
      acks: outcomes.filter((outcome) => outcome === 'stored' || outcome === 'already').length,
    };
    if (deadline.signal.aborted && !deadline.timedOut) throw deadline.signal.reason;
    if (outcomes.some((outcome) => outcome === 'unconfirmed' || outcome === 'overloaded')) this.#parts.onUnconfirmed(dat);
    count(counters.puts, result.acks >= minAcks ? 'written' : 'written-too-few');
    if (result.acks < minAcks) throw new NotEnoughAcksError(minAcks, result);
    return result;
  }

  /** Waits for as many peers as are wanted; false when there is nobody at all. Half of the time is left to write to the few who came. */
  async #meet(wanted: number, deadline: Deadline): Promise<boolean> {
    const { clock, directory, emitter } = this.#modules;
    if (wanted === 0) return true;
    using meeting = new Deadline(clock, deadline.remainingMs / 2, deadline.signal);
    return (await waitForPeers(directory, emitter, wanted, meeting)) || (await waitForPeers(directory, emitter, 1, deadline));
  }

  #assertStands(reason: IngestReason, replicas: readonly Replica[]): void {
    if (reason === 'older') {
      throw new NodeError('NODE_NEWER_EXISTS', 'a newer dat of this author and key is stored here: get it, then put again');
    }
    const alone = replicas.every(({ peer }) => peer === undefined);
    if (reason === 'no-room' && alone) {
      throw new NodeError('NODE_NO_ROOM', 'the local store is full of entries of higher priority, and there is no other replica: raise shardCapacityBytes or add peers');
    }
  }
}

/** More than there are replicas could never be reached, and would only be found out at the deadline. */
function assertMinAcks(minAcks: number | undefined): void {
  if (minAcks !== undefined && !(Number.isInteger(minAcks) && minAcks >= 0 && minAcks <= FANOUT)) {
    throw new TypeError(`minAcks must be a whole number from 0 to ${FANOUT}, the replicas of a dat; got ${String(minAcks)}`);
  }
}
