import { FANOUT, peerIdOf, type Dat } from '@p2p/dave-wire';
import type { Timer } from '../../env.ts';
import { count } from '../counters.ts';
import type { Peer } from '../peers/peer.ts';
import type { Delivery } from './delivery.ts';
import { FreshDats, type DatName } from './fresh-dats.ts';
import type { Ingest } from './ingest.ts';
import { MembershipChanges } from './membership-changes.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import { Repairs, type Repair } from './repairs.ts';
import { rankReplicas, type Replica } from './replicas.ts';
import type { GetRequests } from './requests.ts';

/** Entries looked at in one go: well below a millisecond of work. */
const SLICE_ENTRIES = 256;
const LEAST_SLICE_GAP_MS = 5;
/** A walk because peers came or went takes this fraction of the interval, and waits a part of it for more such news. */
const EARLY_WALK_FRACTION = 0.1;
const NEWS_FRACTION = 1 / 60;
/** How long after its arrival a dat's other replicas are looked at: the writer is still at it. */
const FRESH_AFTER_MS = 5000;
/** Of the holders of a new dat, so many see whether the others have it. */
const FRESH_CHECKERS = 2;

/** What is to be done about one entry, and after how many turns of others. */
interface Plan {
  readonly repair: Repair;
  readonly turn: number;
  readonly dueInMs: number;
}

/**
 * Keeps every entry on its five closest peers. The store is walked in slices, never as a snapshot,
 * when peers have come or gone; the replicas that are new for an entry are asked for it, and sent it
 * if they lack it. Holders of our kind take turns, closest first, so that mostly one of them sends;
 * Go nodes, which never repair in time, have no turn. Entries that no longer name us are kept until
 * their room is needed.
 */
export class Replication {
  readonly #options: OperationsOptions;
  readonly #modules: OperationsModules;
  readonly #changes = new MembershipChanges();
  readonly #fresh = new FreshDats();
  readonly #repairs: Repairs;
  readonly #subscriptions: Disposable[] = [];
  #walkTimer: Timer | undefined;
  #freshTimer: Timer | undefined;
  /** The position of the walk that is going on. */
  #cursor: number | undefined;
  #walkMs = 0;
  #walkDueMs = 0;

  constructor(
    options: OperationsOptions,
    modules: OperationsModules,
    parts: { readonly ingest: Ingest; readonly requests: GetRequests; readonly delivery: Delivery },
  ) {
    this.#options = options;
    this.#modules = modules;
    this.#repairs = new Repairs(options, modules, parts, (peer) => this.#changes.recheck(peer.id));
  }

  /** Begins. A client has no replicas to keep. */
  start(): void {
    if (this.#options.mode === 'client') return;
    const { clock, directory, emitter, counters } = this.#modules;
    const arrived = (peer: Peer): void => {
      if (!peer.client && this.#changes.arrived(peer.id)) this.#onNews();
    };
    const left = (peer: Peer): void => {
      if (this.#changes.left(peer.id)) this.#onNews();
    };
    for (const peer of directory.active()) arrived(peer);
    this.#subscriptions.push(
      emitter.on('peer-active', ({ peer }) => arrived(peer)),
      emitter.on('peer-inactive', ({ peer }) => left(peer)),
      emitter.on('peer-dropped', ({ peer }) => left(peer)),
      emitter.on('stored', ({ dat, source }) => {
        // The writer knows about its own; what the records bring back is walked as peers become active.
        if (source === 'local' || source === 'records') return;
        const forgotten = this.#fresh.note(dat, clock.monotonic());
        if (forgotten > 0) count(counters.repairs, 'fresh-forgotten', forgotten);
      }),
    );
    this.#scheduleWalk(this.#jittered(this.#options.replicateMs));
    this.#scheduleFresh();
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#walkTimer?.cancel();
    this.#freshTimer?.cancel();
    this.#repairs.stop();
  }

  /** Looks at the replicas of a dat again, because a write did not reach all of them. */
  lookAfter(dat: Dat): void {
    if (this.#options.mode !== 'client') this.#fresh.note(dat, this.#modules.clock.monotonic());
  }

  /** Peers came or went: walk soon, but not for each of them. A walk that is going on is followed by another. */
  #onNews(): void {
    if (this.#cursor !== undefined) return;
    const soonMs = this.#jittered(this.#options.replicateMs * NEWS_FRACTION);
    if (this.#modules.clock.monotonic() + soonMs >= this.#walkDueMs) return;
    this.#scheduleWalk(soonMs);
  }

  #scheduleWalk(delayMs: number): void {
    this.#walkTimer?.cancel();
    this.#walkDueMs = this.#modules.clock.monotonic() + delayMs;
    this.#walkTimer = this.#modules.clock.setTimer(delayMs, () => this.#beginWalk());
  }

  #beginWalk(): void {
    if (!this.#changes.any) return this.#scheduleWalk(this.#jittered(this.#options.replicateMs));
    this.#changes.beginWalk();
    this.#cursor = 0;
    this.#walkMs = this.#jittered(this.#options.replicateMs * EARLY_WALK_FRACTION);
    count(this.#modules.counters.repairs, 'walks');
    this.#slice();
  }

  #slice(): void {
    const { clock, store } = this.#modules;
    if (!this.#repairs.full && this.#cursor !== undefined) {
      const { entries, cursor } = store.scan(this.#cursor, SLICE_ENTRIES, clock.now());
      const plans: Plan[] = [];
      for (const { dat } of entries) {
        const plan = this.#plan(dat, dat.time, 'changes');
        if (plan !== undefined) plans.push(plan);
      }
      this.#carryOut(plans);
      this.#cursor = cursor;
    }
    if (this.#cursor === undefined) return this.#endWalk();
    const gapMs = (this.#walkMs * SLICE_ENTRIES) / Math.max(store.count, SLICE_ENTRIES);
    this.#walkTimer = clock.setTimer(Math.max(LEAST_SLICE_GAP_MS, gapMs), () => this.#slice());
  }

  #endWalk(): void {
    this.#changes.endWalk();
    // What changed during the walk, and who could not be reached, waits for the next: no faster than this one.
    this.#scheduleWalk(this.#jittered(this.#changes.any ? this.#options.replicateMs * EARLY_WALK_FRACTION : this.#options.replicateMs));
  }

  #scheduleFresh(): void {
    const { clock, store } = this.#modules;
    this.#freshTimer = clock.setTimer(this.#jittered(this.#options.replicateMs * NEWS_FRACTION), () => {
      const settledMs = clock.monotonic() - Math.min(FRESH_AFTER_MS, this.#options.replicateMs * EARLY_WALK_FRACTION);
      const taken = this.#repairs.full ? [] : this.#fresh.take(SLICE_ENTRIES, settledMs);
      const plans: Plan[] = [];
      for (const name of taken) {
        const entry = store.get(name.publicKey, name.key, clock.now());
        const plan = entry === undefined ? undefined : this.#plan(name, entry.dat.time, 'fresh');
        if (plan !== undefined) plans.push(plan);
      }
      this.#carryOut(plans);
      this.#scheduleFresh();
    });
  }

  /** Who is to be asked for an entry, and when it is our turn; undefined when there is nothing to do. */
  #plan(name: DatName, time: number, why: 'changes' | 'fresh'): Plan | undefined {
    const { clock, directory, identity, preference } = this.#modules;
    const target = peerIdOf(name.publicKey);
    const self = { id: identity.id, client: false };
    let replicas = rankReplicas(directory, self, target);
    const extra = preference?.extraCopies(replicas.flatMap(({ peer }) => peer ?? [])) ?? 0;
    if (extra > 0) replicas = rankReplicas(directory, self, target, FANOUT + extra);
    const wanting = why === 'fresh' ? replicas : this.#changes.newAmong(target, replicas);
    const peers = wanting.flatMap(({ peer }) => peer ?? []);
    if (peers.length === 0) return undefined;
    const turn = turnOf(replicas, why === 'fresh' ? [] : wanting);
    if (why === 'fresh' && turn >= FRESH_CHECKERS) return undefined;
    // A dat that is ahead of the clock is not sent on until it is due.
    const dueInMs = Math.max(0, time - clock.now());
    return { repair: { name: { publicKey: name.publicKey, key: name.key }, peers }, turn, dueInMs };
  }

  #carryOut(plans: readonly Plan[]): void {
    const byDelay = new Map<number, Repair[]>();
    for (const { repair, turn, dueInMs } of plans) {
      const delayMs = Math.max(turn * this.#options.replicationStaggerMs, dueInMs);
      const group = byDelay.get(delayMs);
      if (group === undefined) byDelay.set(delayMs, [repair]);
      else group.push(repair);
    }
    for (const [delayMs, repairs] of byDelay) {
      const jitterMs = (this.#modules.random.float() * this.#options.replicationStaggerMs) / 4;
      this.#repairs.schedule(repairs, delayMs + jitterMs);
    }
  }

  #jittered(ms: number): number {
    return ms * (0.9 + 0.2 * this.#modules.random.float());
  }
}

/** Our place among the holders of our kind, closest first; after all of them when we are no replica any more. */
function turnOf(replicas: readonly Replica[], wanting: readonly Replica[]): number {
  let turn = 0;
  for (const replica of replicas) {
    if (replica.peer === undefined) break;
    if (replica.peer.protocolVersion !== undefined && !wanting.includes(replica)) turn += 1;
  }
  return turn;
}
