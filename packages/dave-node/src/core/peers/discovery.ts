import type { AddrPort, GetMyAddrPort, GetMyAddrPortAck, Ping, Pong } from '@p2p/dave-wire';
import { formatAddrPort, MAX_PEERS_IN_PONG } from '@p2p/dave-wire';
import { ActivityWaiters } from './activity-waiters.ts';
import { AddressQuestions } from './address-questions.ts';
import { Answers } from './answers.ts';
import { Candidate } from './candidate.ts';
import { mayTry } from './candidate-filter.ts';
import { Candidates } from './candidates.ts';
import type { DiscoveryModules, DiscoveryOptions, DiscoverySettings } from './discovery-options.ts';
import { discoverySettings } from './discovery-options.ts';
import { Edges } from './edges.ts';
import { HintReports } from './hint-reports.ts';
import { OwnAddress } from './own-address.ts';
import { type PeerInfo, peerInfo } from './peer-info.ts';
import { PeerLifecycle } from './peer-lifecycle.ts';
import type { PeerRecord } from './peer-record.ts';
import { PeerTable } from './peer-table.ts';
import type { Peer, PeerDirectory } from './peer.ts';
import { PingHandler, type PingHandlerParts } from './ping-handler.ts';
import { Pinger } from './pinger.ts';
import { PongHandler, type PongListener } from './pong-handler.ts';
import { wireProofs } from './proofs.ts';
import { openGate, type SendGate } from './send-gate.ts';
import { Timetable } from './timetable.ts';

/** Bytes of a GETMYADDRPORT answer with an echoed request id. */
const ADDRESS_ACK_BYTES = 31;

/**
 * Finds peers, keeps proof of who they are, and knows which can be used. It reacts to packets and to
 * its timer only; whoever owns the sockets hands packets to the `handle…` methods, which never throw.
 */
export class Discovery implements PeerDirectory {
  readonly #settings: DiscoverySettings;
  readonly #modules: DiscoveryModules;
  readonly #timetable: Timetable;
  readonly #table: PeerTable;
  readonly #own: OwnAddress;
  readonly #gate: SendGate;
  readonly #answers: Answers;
  readonly #candidates: Candidates;
  readonly #lifecycle: PeerLifecycle;
  readonly #edges: Edges;
  readonly #questions: AddressQuestions;
  readonly #hints: HintReports;
  readonly #pings: PingHandler;
  readonly #pongs: PongHandler;
  readonly #waiters: ActivityWaiters;
  #stopped = false;

  /** @throws NodeError NODE_BAD_OPTION for an edge that is no address. */
  constructor(options: DiscoveryOptions, modules: DiscoveryModules) {
    const settings = discoverySettings(options);
    const { intervals } = settings;
    const { clock, random, identity, emitter, counters, logger } = modules;
    const proofs = { ...wireProofs, ...modules.proofs };
    const send: DiscoveryModules['send'] = (message, to) => modules.send(message, to);
    this.#settings = settings;
    this.#modules = modules;
    this.#gate = modules.gate ?? openGate;
    const timetable = (this.#timetable = new Timetable(clock, intervals.pingMs));
    const table = (this.#table = new PeerTable(settings.maxPeers, emitter));
    const own = (this.#own = new OwnAddress({ boundAddress: () => modules.boundAddress(), emitter }));
    const pinger = new Pinger(settings, modules, timetable);
    const answers = (this.#answers = new Answers(this.#gate, { timetable, send, counters }));
    this.#hints = new HintReports(modules.hints, emitter);
    const candidates = (this.#candidates = new Candidates(settings, {
      timetable,
      monotonic: () => clock.monotonic(),
      ping: (candidate) => this.#pingCandidate(candidate, pinger),
    }));
    candidates.onUnanswered = (candidate) => this.#hints.unanswered(candidate);
    this.#lifecycle = new PeerLifecycle(intervals, {
      clock,
      identity,
      table,
      timetable,
      pinger,
      listener: { active: (record) => this.#becameActive(record), inactive: (record) => this.#hints.inactive(record) },
    });
    this.#edges = new Edges(settings, {
      timetable,
      records: this.#lifecycle,
      resolve: (host, signal) => modules.resolve(host, signal),
      logger,
    });
    this.#questions = new AddressQuestions(intervals, { own, timetable, random, counters, send });
    const onSelf: PingHandlerParts['onSelf'] = (contact) => this.#foundSelf(contact);
    this.#pings = new PingHandler(settings, modules, { table, candidates, own, answers, proofs, timetable, onSelf });
    const listener = this.#pongListener();
    this.#pongs = new PongHandler(settings, { table, candidates, own, proofs, clock, counters, listener });
    this.#waiters = new ActivityWaiters(timetable, () => this.usablePeerCount, () => this.#edges.describe());
  }

  /** Sends the first PINGs, to edges and to peers of earlier runs, before it returns. */
  start(): void {
    this.#edges.start();
    for (const { at, publicKey } of this.#hints.pick(this.#settings.hintCount)) {
      if (at.literal !== undefined && this.#table.at(at.literal) === undefined && mayTry(at.literal, undefined, this.#own)) {
        this.#candidates.offer(at.literal, 'hint', { expectedKey: publicKey ?? at.publicKey });
      }
    }
    this.#questions.start();
  }

  /** Ends all timers, look-ups and waits. Nothing is sent afterwards. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#waiters.close();
    this.#edges.stop();
    this.#pongs.stop();
    this.#timetable.stop();
  }

  handlePing(message: Ping, from: AddrPort): void {
    if (!this.#stopped) this.#pings.handle(message, from);
  }

  handlePong(message: Pong, from: AddrPort): void {
    if (!this.#stopped) this.#pongs.handle(message, from);
  }

  handleGetMyAddrPort(message: GetMyAddrPort, from: AddrPort): void {
    if (this.#stopped) return;
    // A zone id is ours: it means nothing to the asker, and no message can carry it.
    const addrPort = { address: from.address.split('%', 1)[0]!, port: from.port };
    const requestId = message.extensions?.requestId;
    this.#answers.answer(from, formatAddrPort(from), 'addr-ack', ADDRESS_ACK_BYTES, () => ({
      op: 'get-my-addr-port-ack',
      addrPort,
      ...(requestId === undefined ? {} : { extensions: { requestId } }),
    }));
  }

  handleGetMyAddrPortAck(message: GetMyAddrPortAck, from: AddrPort): void {
    if (!this.#stopped) this.#questions.handleAck(message, from);
  }

  /** Our address as others see it; undefined until enough of them said. */
  get ownAddress(): AddrPort | undefined {
    return this.#own.address;
  }

  active(): Iterable<Peer> {
    return this.#table.active();
  }

  get activeCount(): number {
    return this.#table.activeCount;
  }

  get joining(): boolean {
    return this.#candidates.size > 0 || this.#table.provenCount > 0;
  }

  /** Active peers on which data can be placed: all but clients. */
  get usablePeerCount(): number {
    let usable = 0;
    for (const record of this.#table.activeList) if (!record.client) usable++;
    return usable;
  }

  byId(id: bigint): Peer | undefined {
    return this.#table.byId(id);
  }

  byAddressKey(addressKey: string): Peer | undefined {
    return this.#table.byAddressKey(addressKey);
  }

  closest(target: bigint, count: number): Peer[] {
    return this.#table.closest(target, count);
  }

  suspect(peer: Peer): void {
    const record = this.#table.byAddressKey(peer.addressKey);
    if (record === peer && !this.#stopped) this.#lifecycle.suspect(record);
  }

  /** All peers of the table, active or not. */
  peers(): readonly PeerInfo[] {
    return Array.from(this.#table.all(), peerInfo);
  }

  /** Addresses that are being tried and are no peers yet. */
  get candidateCount(): number {
    return this.#candidates.size;
  }

  /**
   * Resolves when at least `count` peers that are no clients are active.
   * @throws NodeError NODE_NO_PEERS when none, NODE_TIMEOUT when too few were active after `timeoutMs`; NODE_CLOSED; or `signal.reason`.
   */
  waitForActive(count: number, options: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<void> {
    return this.#waiters.wait(count, options);
  }

  #becameActive(record: PeerRecord): void {
    this.#hints.active(record);
    this.#waiters.check();
  }

  #foundSelf(contact: PeerRecord | Candidate): void {
    this.#own.addAlias(contact.addressKey);
    if (contact instanceof Candidate) this.#candidates.settle(contact, true);
    else this.#lifecycle.isOurselves(contact);
  }

  /** Who wrote to us pays for our PINGs with its bytes; what peers named is bounded by number and rate alone. */
  #pingCandidate(candidate: Candidate, pinger: Pinger): void {
    if (candidate.source === 'contact' && !this.#gate.maySend(candidate.addressKey, pinger.sizeFor(candidate), 'ping')) return;
    pinger.ping(candidate);
  }

  #pongListener(): PongListener {
    const { emitter, logger } = this.#modules;
    return {
      validated: (contact) => this.#answers.validated(contact.addressKey),
      proven: (contact, proof) => {
        const outcome = this.#lifecycle.proven(contact, proof);
        if (outcome === 'own-key') this.#own.addAlias(contact.addressKey);
        if (outcome === 'no-room') emitter.emit('shed', { what: 'candidate', reason: 'the peer table is full' });
        if (outcome !== 'accepted') return outcome;
        const record = this.#table.at(contact.address);
        if (record !== undefined) this.#questions.consider(record);
        if (contact !== record) this.#hints.answered(contact as Candidate, proof.publicKey);
        return outcome;
      },
      named: (teller, addrPorts) => this.#tryNamed(teller, addrPorts),
      relayed: (contact) => {
        logger?.debug('A peer answered with a proof made for another address: a relay is between.', { peer: contact.addressKey });
        if (this.#own.contradicted(contact.address)) this.#questions.nextRound();
      },
      failed: (error) => emitter.emit('error', { error }),
    };
  }

  #tryNamed(teller: AddrPort, addrPorts: readonly AddrPort[]): void {
    for (const addrPort of addrPorts.slice(0, MAX_PEERS_IN_PONG)) {
      if (!this.#table.hasRoom || !this.#candidates.hasRoom('gossip')) return;
      if (this.#table.at(addrPort) !== undefined) continue;
      if (mayTry(addrPort, teller, this.#own)) this.#candidates.offer(addrPort, 'gossip', { teller });
    }
  }
}
