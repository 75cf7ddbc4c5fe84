import { FANOUT, isNotFound, peerIdOf, type Entry, type Put } from '@p2p/dave-wire';
import { TRACE, type TraceContext } from '@p2p/trace';
import type { Timer } from '../../env.ts';
import { NodeError } from '../../errors.ts';
import { count } from '../counters.ts';
import type { Peer } from '../peers/peer.ts';
import { Asking, type Question } from './asking.ts';
import { waitAtMost } from './bounded-wait.ts';
import { compareVersions, detachEntry } from './dat-bytes.ts';
import { assertKeyFits, assertPublicKey } from './dat-fits.ts';
import { Deadline } from './deadline.ts';
import { InTurn } from './in-turn.ts';
import type { Ingest } from './ingest.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import type { GetRequests } from './requests.ts';
import { waitForPeers } from './wait-for-peers.ts';

/** How a read asks, and how long. */
export interface GetOptions {
  /** `first` (default): the local copy, else the first valid answer. `latest`: the newest of all that answer in time, the local copy included. */
  mode?: 'first' | 'latest';
  /**
   * `all` (default): all replicas at once, the fastest answer wins. `hedged`: one of them, and the next one each time that an answer
   * is late, is a refusal or is no valid one: down to a fifth of the packets, for many reads after each other. `latest` asks all.
   */
  ask?: 'all' | 'hedged';
  /** Default 5000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Where tracing is on: the span that this read belongs to. Default: it begins a trace. */
  trace?: TraceContext | undefined;
}

/** How long a get took, in milliseconds. */
export interface GetTimings {
  totalMs: number;
  /** Until the answer that was returned came in; 0 for a local one. */
  answeredMs: number;
}

/** What a read found. */
export type GetResult =
  | {
      found: true;
      entry: Entry;
      /** The id of the peer that answered. */
      source: 'local' | bigint;
      timings: GetTimings;
    }
  | { found: false; /** Peers that were asked, and that answered. */ asked: number; answered: number };

/** Wait after the last of only unauthenticated refusals, in case a forger was faster than the truth. */
const FORGERY_GRACE_MS = 150;
/** Answers of one peer that are verified at once: a forger may be faster than the truth, but must not fill the verifier's queue. */
const MOST_VERIFYING = 2;
/** How often a read that found nothing looks whether more peers are still on their way. */
const LOOK_AGAIN_MS = 100;
/** Peers that one read asks at most, newcomers included. */
const MOST_ASKED = 3 * FANOUT;

interface Found {
  entry: Entry;
  source: 'local' | bigint;
  answeredMs: number;
}

/** One read. Made, run once, thrown away. */
export class GetRun {
  readonly #options: Pick<OperationsOptions, 'mode' | 'getTimeoutMs'>;
  readonly #modules: OperationsModules;
  readonly #requests: GetRequests;
  readonly #ingest: Ingest;
  readonly #startedMs: number;
  readonly #askings: Asking[] = [];
  readonly #refusedBy = new Set<Peer>();
  readonly #answeredWith = new Map<Peer, Entry>();
  /** Answers of a peer whose signature is being checked. */
  readonly #verifying = new Map<Peer, number>();
  #idlessRefusal = false;
  /** For a hedged read. */
  #turns: InTurn | undefined;
  #lookAgain: Timer | undefined;
  #best: Found | undefined;
  #finish: (() => void) | undefined;

  constructor(
    options: Pick<OperationsOptions, 'mode' | 'getTimeoutMs'>,
    modules: OperationsModules,
    requests: GetRequests,
    ingest: Ingest,
  ) {
    this.#options = options;
    this.#modules = modules;
    this.#requests = requests;
    this.#ingest = ingest;
    this.#startedMs = modules.clock.monotonic();
  }

  /**
   * Reads an author's key. Rejects with NODE_NO_PEERS when there is no local copy and no peer to ask
   * until the deadline, with NODE_TOO_LARGE for a key above 255 bytes, or with the signal's reason.
   */
  async run(publicKey: Uint8Array, key: string, options: GetOptions, closing: AbortSignal): Promise<GetResult> {
    assertPublicKey(publicKey);
    assertKeyFits(key);
    if (options.mode !== undefined && options.mode !== 'first' && options.mode !== 'latest') throw new TypeError(`mode must be 'first' or 'latest', not ${String(options.mode)}`);
    if (options.ask !== undefined && options.ask !== 'all' && options.ask !== 'hedged') throw new TypeError(`ask must be 'all' or 'hedged', not ${String(options.ask)}`);
    options.signal?.throwIfAborted();
    closing.throwIfAborted();
    if (TRACE) this.#modules.trace?.inherit(this, options);
    const { clock, store } = this.#modules;
    const latest = options.mode === 'latest';
    const local = store.get(publicKey, key, clock.now());
    if (local !== undefined) {
      this.#best = { entry: local, source: 'local', answeredMs: 0 };
      if (!latest) return this.#result();
    }
    using deadline = new Deadline(clock, options.timeoutMs ?? this.#options.getTimeoutMs, options.signal, closing);
    if (local === undefined && (await this.#recall(publicKey, key, deadline)) && !latest) return this.#result();
    await this.#waitForSomebody(deadline);
    try {
      await this.#ask(publicKey, key, { latest, hedged: options.ask === 'hedged' && !latest }, deadline);
    } finally {
      for (const asking of this.#askings) asking.close();
      this.#lookAgain?.cancel();
      this.#turns?.close();
    }
    if (deadline.signal.aborted && !deadline.timedOut) throw deadline.signal.reason;
    this.#keep();
    if (latest) this.#repairStale();
    return this.#result();
  }

  /** True when an earlier run stored it, which has not been read back before. */
  async #recall(publicKey: Uint8Array, key: string, deadline: Deadline): Promise<boolean> {
    const recalled = this.#modules.recall?.({ publicKey, key });
    if (recalled === undefined) return false;
    const { clock } = this.#modules;
    const keep = async (): Promise<void> => {
      const entry = await recalled;
      if (entry !== undefined && entry !== 'unknown') this.#best = { entry, source: 'local', answeredMs: 0 };
    };
    await waitAtMost(clock, keep(), Math.max(0, deadline.endsAtMs - clock.monotonic()), deadline.signal);
    return this.#best !== undefined;
  }

  async #waitForSomebody(deadline: Deadline): Promise<void> {
    const { directory, emitter } = this.#modules;
    if ((await waitForPeers(directory, emitter, 1, deadline)) || this.#best !== undefined) return;
    throw new NodeError('NODE_NO_PEERS', 'no peer became active before the deadline: give more edges, or wait with waitForActivePeers first');
  }

  async #ask(publicKey: Uint8Array, key: string, { latest, hedged }: { latest: boolean; hedged: boolean }, deadline: Deadline): Promise<void> {
    const { clock, emitter, random } = this.#modules;
    const askTheClosest = (): void => {
      if (this.#turns?.isOver === false) return;
      for (const peer of this.#closest(publicKey)) {
        const known = this.#askings.length >= MOST_ASKED || this.#askings.some((asking) => asking.peer === peer);
        if (!known) this.#askPeer(peer, publicKey, key, latest);
      }
    };
    if (hedged) this.#turns = new InTurn(this.#closest(publicKey), { clock, random, ask: (peer) => this.#askPeer(peer, publicKey, key, false).asked, askAll: askTheClosest });
    // Who becomes active meanwhile may be closer than all that were asked.
    using subscription = emitter.on('peer-active', askTheClosest);
    void subscription;
    await new Promise<void>((resolve, reject) => {
      this.#finish = resolve;
      if (deadline.signal.aborted) return resolve();
      deadline.signal.addEventListener('abort', () => resolve(), { once: true });
      if (this.#turns === undefined) askTheClosest();
      else this.#turns.next();
      if (this.#best === undefined && this.#askings.length > 0 && !this.#askings.some((asking) => asking.asked)) {
        reject(new NodeError('NODE_NO_ROOM', 'too many gets are in flight: await some of them first, or raise limits.maxOutstandingGets'));
      }
      this.#finishIfAllAnswered();
    });
  }

  #closest(publicKey: Uint8Array): readonly Peer[] {
    const { directory, preference } = this.#modules;
    const closest = directory.closest(peerIdOf(publicKey), FANOUT);
    return preference?.order(closest) ?? closest;
  }

  #askPeer(peer: Peer, publicKey: Uint8Array, key: string, latest: boolean): Asking {
    const question: Question = {
      peer,
      publicKey,
      key,
      onAnswer: (entry, { withId }) => {
        if (entry === undefined) this.#onRefusal(peer, withId);
        else void this.#onEntry(peer, entry, latest);
      },
    };
    if (TRACE) this.#modules.trace?.inherit(question, this);
    const asking = new Asking(this.#modules, this.#requests, question);
    this.#askings.push(asking);
    return asking;
  }

  #onRefusal(peer: Peer, withId: boolean): void {
    if (!withId) this.#idlessRefusal = true;
    this.#refusedBy.add(peer);
    this.#turns?.next();
    this.#finishIfAllAnswered();
  }

  /** Takes the entry's bytes before it returns. */
  async #onEntry(peer: Peer, received: Entry, latest: boolean): Promise<void> {
    const verifying = this.#verifying.get(peer) ?? 0;
    if (verifying >= MOST_VERIFYING) return count(this.#modules.counters.gets, 'verifier-busy');
    const entry = detachEntry(received);
    this.#verifying.set(peer, verifying + 1);
    const answeredMs = this.#modules.clock.monotonic() - this.#startedMs;
    const valid = await this.#isValid(entry);
    this.#verifying.set(peer, this.#verifying.get(peer)! - 1);
    if (!valid) {
      count(this.#modules.counters.gets, 'invalid-answer');
      this.#turns?.next();
      return;
    }
    this.#answeredWith.set(peer, entry);
    if (this.#best === undefined || compareVersions(entry.dat, this.#best.entry.dat) > 0) {
      this.#best = { entry, source: peer.id, answeredMs };
    }
    if (!latest) this.#finish?.();
    else this.#finishIfAllAnswered();
  }

  async #isValid(entry: Entry): Promise<boolean> {
    if (isNotFound(entry) || this.#ingest.precheck(entry.dat) !== undefined) return false;
    try {
      if (TRACE) this.#modules.trace?.start(entry.dat, this, 'verify');
      const verifying = this.#modules.verifier.verify(entry.dat);
      if (TRACE) this.#modules.trace?.finishWith(entry.dat, 'verify', verifying, ({ valid }) => valid);
      return (await verifying).valid;
    } catch {
      // The verifier was closed, and with it this read: its closing signal tells the caller.
      return false;
    }
  }

  /** A peer that said nothing useful can still answer until the deadline, so only complete answers end the wait. */
  #finishIfAllAnswered(): void {
    const asked = this.#askings.filter((asking) => asking.asked);
    for (const { peer } of asked) {
      if (!this.#answeredWith.has(peer) && !this.#refusedBy.has(peer)) return;
    }
    if (this.#best === undefined && asked.length < FANOUT && this.#modules.directory.joining) {
      // A node that has just joined knows too few to say that something is nowhere.
      this.#lookAgain?.cancel();
      this.#lookAgain = this.#modules.clock.setTimer(LOOK_AGAIN_MS, () => this.#finishIfAllAnswered());
      return;
    }
    const allRefused = this.#answeredWith.size === 0;
    if (allRefused && this.#idlessRefusal && asked.length > 0) {
      this.#modules.clock.setTimer(FORGERY_GRACE_MS, () => this.#finish?.());
    } else this.#finish?.();
  }

  /** Keeps a copy. Whether it becomes durable is nothing that a reader waits for. */
  #keep(): void {
    const best = this.#best;
    if (best === undefined || best.source === 'local' || this.#options.mode === 'client') return;
    this.#ingest.admit(best.entry, 'get');
  }

  #repairStale(): void {
    const best = this.#best;
    const { clock, counters, emitter, endpoint } = this.#modules;
    if (best === undefined || best.entry.dat.time > clock.now()) return;
    for (const [peer, entry] of this.#answeredWith) {
      if (compareVersions(best.entry.dat, entry.dat) <= 0) continue;
      const put: Put = { op: 'put', entry: best.entry };
      if (TRACE) this.#modules.trace?.inherit(put, this);
      endpoint.send(put, peer.address);
      count(counters.repairs, 'stale-answer');
      emitter.emit('repaired', { dat: best.entry.dat, to: peer });
    }
  }

  #result(): GetResult {
    const best = this.#best;
    count(this.#modules.counters.gets, best === undefined ? 'not-found' : best.source === 'local' ? 'found-local' : 'found');
    if (best === undefined) {
      const answered = new Set([...this.#answeredWith.keys(), ...this.#refusedBy]).size;
      return { found: false, asked: this.#askings.filter((asking) => asking.asked).length, answered };
    }
    const { entry, source, answeredMs } = best;
    return { found: true, entry, source, timings: { totalMs: this.#modules.clock.monotonic() - this.#startedMs, answeredMs } };
  }
}
