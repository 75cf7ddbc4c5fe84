import { type AddrPort, peerIdOf } from '@p2p/dave-wire';
import type { Clock, Identity } from '../../env.ts';
import { dueChange, nextChangeAt, silentAt } from './activation.ts';
import { Candidate } from './candidate.ts';
import type { EdgeRecords } from './edges.ts';
import { equalBytes } from './equal-bytes.ts';
import type { DiscoveryIntervals } from './intervals.ts';
import { PeerRecord } from './peer-record.ts';
import type { PeerTable } from './peer-table.ts';
import type { Pinger } from './pinger.ts';
import { answerWithinMs, sampleRoundTrip } from './rtt.ts';
import type { Timetable } from './timetable.ts';

/** PINGs that a peer under suspicion gets before it counts as silent. */
const QUICK_PINGS = 3;

/** A verified answer to one of our challenges. */
export interface Proof {
  readonly publicKey: Uint8Array;
  readonly rttMs: number;
}

/** `accepted`, or why the address did not become (or stay) a peer although the proof is right. */
export type ProofOutcome = 'accepted' | 'own-key' | 'bad-key' | 'duplicate-key' | 'no-room';

/** What others want to know about. */
export interface LifecycleListener {
  active(record: PeerRecord): void;
  inactive(record: PeerRecord): void;
}

/** Moves peers through their states: on proof, and on silence exactly when it has lasted long enough. */
export class PeerLifecycle implements EdgeRecords {
  readonly #intervals: DiscoveryIntervals;
  readonly #clock: Clock;
  readonly #identity: Identity;
  readonly #table: PeerTable;
  readonly #timetable: Timetable;
  readonly #pinger: Pinger;
  readonly #listener: LifecycleListener;
  /** Edges whose key lives at another address, or is ours. */
  readonly #aliases = new Set<PeerRecord>();

  constructor(
    intervals: DiscoveryIntervals,
    modules: {
      clock: Clock;
      identity: Identity;
      table: PeerTable;
      timetable: Timetable;
      pinger: Pinger;
      listener: LifecycleListener;
    },
  ) {
    this.#intervals = intervals;
    this.#clock = modules.clock;
    this.#identity = modules.identity;
    this.#table = modules.table;
    this.#timetable = modules.timetable;
    this.#pinger = modules.pinger;
    this.#listener = modules.listener;
  }

  attach(address: AddrPort, publicKey: Uint8Array | undefined): PeerRecord {
    const present = this.#table.at(address);
    const record = present ?? this.#newRecord(address);
    record.edge = true;
    if (publicKey !== undefined) {
      record.configuredKey = publicKey;
      if (record.publicKey !== undefined && !equalBytes(record.publicKey, publicKey)) this.#table.unpin(record);
    }
    if (present === undefined) this.#table.add(record);
    this.#advance(record, this.#timetable.now());
    return record;
  }

  detach(record: PeerRecord): void {
    record.edge = false;
    record.configuredKey = undefined;
    // A proven one lives on as any other peer and lapses as one.
    if (record.state === 'unproven') this.#remove(record);
  }

  /** Takes a right answer of `contact` into account. */
  proven(contact: PeerRecord | Candidate, proof: Proof): ProofOutcome {
    if (equalBytes(proof.publicKey, this.#identity.publicKey)) return this.#refuse(contact, 'own-key', this.#identity.id);
    const id = peerIdOf(proof.publicKey);
    // Id 0 means "not authenticated" in replica lists.
    if (id === 0n) return 'bad-key';
    const nowAt = this.#timetable.now();
    const holder = this.#table.byId(id);
    if (holder !== undefined && holder !== contact) {
      // Whoever is alive keeps its key; one that moved gets it when its former address has fallen silent.
      if (nowAt < silentAt(holder, this.#intervals)) return this.#refuse(contact, 'duplicate-key', id);
      this.#release(holder);
    }
    if (contact instanceof Candidate && !this.#table.hasRoom) return 'no-room';
    const record = contact instanceof Candidate ? this.#promote(contact) : contact;
    if (record.publicKey === undefined) this.#table.pin(record, proof.publicKey);
    this.#unalias(record);
    this.#takeProof(record, proof.rttMs, nowAt);
    return 'accepted';
  }

  /** An edge turned out to lead to this node. */
  isOurselves(record: PeerRecord): void {
    if (record.state === 'unproven') this.#refuse(record, 'own-key', this.#identity.id);
  }

  /** Looks after an active peer quickly: three PINGs in a row, and it is inactive if none is answered. */
  suspect(record: PeerRecord): void {
    if (!this.#table.holds(record) || record.state !== 'active' || record.suspectedAt !== undefined) return;
    const nowAt = this.#timetable.now();
    record.suspectedAt = nowAt;
    record.quickPings = 0;
    record.nextPingAt = nowAt;
    this.#advance(record, nowAt);
  }

  #newRecord(address: AddrPort, former?: Candidate): PeerRecord {
    return new PeerRecord(address, {
      firstSeenMs: former?.firstSeenMs ?? this.#clock.monotonic(),
      pingIntervalMs: this.#intervals.pingMs,
      onDue: (due, nowAt) => this.#advance(due, nowAt),
      ...(former === undefined ? {} : { former }),
    });
  }

  #promote(candidate: Candidate): PeerRecord {
    const record = this.#newRecord(candidate.address, candidate);
    record.pingsSent = candidate.pingsSent;
    record.nextPingAt = this.#timetable.now() + record.pingIntervalMs;
    this.#table.add(record);
    return record;
  }

  #takeProof(record: PeerRecord, rttMs: number, nowAt: number): void {
    if (nowAt >= silentAt(record, this.#intervals)) record.provenSinceAt = nowAt;
    record.lastProofAt = nowAt;
    record.lastProofMs = this.#clock.monotonic();
    sampleRoundTrip(record, rttMs);
    if (record.suspectedAt !== undefined) {
      record.suspectedAt = undefined;
      record.nextPingAt = nowAt + record.pingIntervalMs;
    }
    if (record.state === 'unproven') this.#table.setState(record, 'proven');
    // It has been active before: it need not wait again.
    if (record.state === 'inactive') this.#activate(record);
    this.#advance(record, nowAt);
  }

  /** Makes every change that is due, pings if it is time, and comes back when the next thing is due. */
  #advance(record: PeerRecord, nowAt: number): void {
    for (let change = dueChange(record, nowAt, this.#intervals); change !== undefined; change = dueChange(record, nowAt, this.#intervals)) {
      if (change === 'activate') {
        this.#activate(record);
      } else if (change === 'deactivate') {
        this.#deactivate(record);
      } else if (record.edge) {
        this.#unpin(record);
      } else {
        this.#remove(record);
        return;
      }
    }
    if (record.suspectedAt !== undefined && record.quickPings >= QUICK_PINGS && nowAt >= record.nextPingAt) {
      record.suspectedAt = undefined;
      record.nextPingAt = nowAt + record.pingIntervalMs;
      if (record.state === 'active') this.#deactivate(record);
    }
    if (nowAt >= record.nextPingAt) this.#ping(record, nowAt);
    this.#timetable.at(record, Math.min(record.nextPingAt, nextChangeAt(record, nowAt, this.#intervals)));
  }

  #ping(record: PeerRecord, nowAt: number): void {
    record.pingsSent++;
    if (record.suspectedAt === undefined) {
      record.nextPingAt = nowAt + record.pingIntervalMs;
    } else {
      record.quickPings++;
      const quickMs = this.#intervals.pingMs / 4;
      record.nextPingAt = nowAt + Math.min(Math.max(quickMs, answerWithinMs(record, quickMs)), record.pingIntervalMs);
    }
    this.#pinger.ping(record);
  }

  #activate(record: PeerRecord): void {
    this.#table.setState(record, 'active');
    this.#listener.active(record);
  }

  #deactivate(record: PeerRecord): void {
    this.#table.setState(record, 'inactive');
    this.#listener.inactive(record);
    this.#wakeAliases(record.id);
  }

  /** The holder of a key lost it to another address. */
  #release(holder: PeerRecord): void {
    if (holder.state === 'active') this.#deactivate(holder);
    if (holder.edge) this.#unpin(holder);
    else this.#remove(holder);
  }

  #unpin(record: PeerRecord): void {
    this.#table.unpin(record);
    record.challenges.clear();
  }

  #remove(record: PeerRecord): void {
    this.#timetable.cancel(record);
    this.#aliases.delete(record);
    this.#table.remove(record);
  }

  /** Candidates are the caller's to drop; an edge stays, but is pinged rarely while this lasts. */
  #refuse(contact: PeerRecord | Candidate, why: 'own-key' | 'duplicate-key', id: bigint): ProofOutcome {
    if (contact instanceof PeerRecord) {
      contact.alias = id;
      contact.pingIntervalMs = this.#intervals.dropAfter * this.#intervals.pingMs;
      contact.nextPingAt = this.#timetable.now() + contact.pingIntervalMs;
      this.#aliases.add(contact);
      this.#timetable.at(contact, contact.nextPingAt);
    }
    return why;
  }

  #unalias(record: PeerRecord): void {
    if (!this.#aliases.delete(record)) return;
    record.alias = undefined;
    record.pingIntervalMs = this.#intervals.pingMs;
    record.nextPingAt = Math.min(record.nextPingAt, this.#timetable.now() + record.pingIntervalMs);
  }

  /** A peer fell silent: its other addresses are worth trying now. */
  #wakeAliases(id: bigint): void {
    const nowAt = this.#timetable.now();
    for (const record of this.#aliases) {
      if (record.alias !== id) continue;
      this.#unalias(record);
      record.nextPingAt = nowAt;
      this.#timetable.at(record, nowAt);
    }
  }
}
