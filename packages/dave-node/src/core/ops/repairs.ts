import type { Entry } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import type { Timer } from '../../env.ts';
import { count } from '../counters.ts';
import type { Peer } from '../peers/peer.ts';
import { askOne } from './asking.ts';
import { compareVersions } from './dat-bytes.ts';
import { Deadline } from './deadline.ts';
import type { Delivery } from './delivery.ts';
import type { DatName } from './fresh-dats.ts';
import type { Ingest } from './ingest.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import type { GetRequests } from './requests.ts';
import { Semaphore } from './semaphore.ts';

/** One entry and the replicas to look at. */
export interface Repair {
  readonly name: DatName;
  readonly peers: readonly Peer[];
}

/** Asks replicas whether they have what they should, and brings it to those that do not. Bounded in number and in parallel. */
export class Repairs {
  readonly #options: OperationsOptions;
  readonly #modules: OperationsModules;
  readonly #parts: { readonly ingest: Ingest; readonly requests: GetRequests; readonly delivery: Delivery };
  readonly #onUnreached: (peer: Peer) => void;
  readonly #slots: Semaphore;
  readonly #timers = new Set<Timer>();
  readonly #closing = new AbortController();
  #pending = 0;

  /** @param onUnreached called for a peer that did not answer, or did not take what it lacks. */
  constructor(
    options: OperationsOptions,
    modules: OperationsModules,
    parts: { readonly ingest: Ingest; readonly requests: GetRequests; readonly delivery: Delivery },
    onUnreached: (peer: Peer) => void,
  ) {
    this.#options = options;
    this.#modules = modules;
    this.#parts = parts;
    this.#onUnreached = onUnreached;
    this.#slots = new Semaphore(options.maxRepairs);
  }

  /** So many wait that no more should be found until some are done. */
  get full(): boolean {
    return this.#pending >= this.#options.maxPendingRepairs;
  }

  /** Does them after a delay; one timer for all. */
  schedule(repairs: readonly Repair[], delayMs: number): void {
    this.#pending += repairs.length;
    const timer = this.#modules.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      for (const repair of repairs) {
        void this.#repair(repair).finally(() => {
          this.#pending -= 1;
        });
      }
    });
    this.#timers.add(timer);
  }

  stop(): void {
    this.#closing.abort(new Error('replication has stopped'));
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #repair({ name, peers }: Repair): Promise<void> {
    await Promise.all(peers.map((peer) => this.#bringUpToDate(name, peer)));
  }

  async #bringUpToDate(name: DatName, peer: Peer): Promise<void> {
    const { signal } = this.#closing;
    const attempt = { peer, ...name };
    try {
      await this.#slots.acquire(signal);
    } catch {
      return;
    }
    try {
      const { clock, counters, store } = this.#modules;
      const entry = store.get(name.publicKey, name.key, clock.now());
      if (entry === undefined) return;
      if (TRACE) this.#modules.trace?.open(attempt, 'repair', name.publicKey, name.key);
      if (TRACE) this.#modules.trace?.inherit(entry, attempt);
      using deadline = new Deadline(clock, this.#options.putTimeoutMs, signal);
      const said = await askOne(this.#modules, this.#parts.requests, attempt, deadline.signal);
      const order = said.answer === 'found' ? compareVersions(said.entry.dat, entry.dat) : -1;
      count(counters.repairs, said.answer === 'found' ? (order === 0 ? 'present' : order > 0 ? 'ahead-of-us' : 'stale') : said.answer);
      if (said.answer === 'silent') this.#onUnreached(peer);
      else if (said.answer === 'found' && order > 0) await this.#parts.ingest.receive(said.entry, 'get', { shed: true });
      else if (order < 0) await this.#send(entry, peer, deadline.signal);
      if (TRACE) this.#modules.trace?.close(attempt, 'repair', said.answer !== 'silent');
    } catch (error) {
      if (signal.aborted) return;
      this.#onUnreached(peer);
      if ((error as { code?: unknown }).code !== 'NODE_TIMEOUT') this.#modules.emitter.emit('error', { error: error as Error });
    } finally {
      if (TRACE) this.#modules.trace?.close(attempt, 'repair', false);
      this.#slots.release();
    }
  }

  async #send(entry: Entry, peer: Peer, signal: AbortSignal): Promise<void> {
    const outcome = await this.#parts.delivery.deliver(peer, entry, signal);
    count(this.#modules.counters.repairs, `sent-${outcome}`);
    if (outcome === 'stored') this.#modules.emitter.emit('replicated', { dat: entry.dat, to: peer });
    else if (outcome === 'unconfirmed' || outcome === 'overloaded') this.#onUnreached(peer);
  }
}
