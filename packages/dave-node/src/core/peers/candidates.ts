import { type AddrPort, formatAddrPort } from '@p2p/dave-wire';
import { AddressMap } from './address-map.ts';
import { voterGroup } from './address-votes.ts';
import { Candidate, type CandidateSource } from './candidate.ts';
import { CandidatePace } from './candidate-pace.ts';
import type { DiscoverySettings } from './discovery-options.ts';
import { FailedAddresses } from './failed-addresses.ts';
import type { Timetable } from './timetable.ts';

/** PINGs to an address that never answered. */
export const MAX_CANDIDATE_PINGS = 3;
/** Ping intervals that the last PING has to be answered. */
const LAST_ANSWER_AFTER = 3;
/** Longest wait for a turn, in ping intervals; beyond it an address is refused, it will be named again. */
const MAX_WAIT = 10;
const MAX_FAILURES = 8192;
/** Ping intervals until an address that never answered may be tried again because one peer names it. */
const GOSSIP_AGAIN_AFTER = 600;

/** What became of an offered address. */
export type Offer = 'added' | 'known' | 'failed-lately' | 'no-room';

/**
 * Addresses that might be peers. Each is pinged at most three times at a bounded rate and dropped
 * silently, so that nobody can use us to hammer a third party.
 */
export class Candidates {
  readonly #byAddress = new AddressMap<Candidate>();
  readonly #failures: FailedAddresses;
  readonly #pace: CandidatePace;
  readonly #settings: DiscoverySettings;
  readonly #timetable: Timetable;
  readonly #ping: (candidate: Candidate) => void;
  readonly #monotonic: () => number;
  /** Called when a candidate was dropped without having answered. */
  onUnanswered: (candidate: Candidate) => void = () => {};

  constructor(
    settings: DiscoverySettings,
    modules: { timetable: Timetable; monotonic: () => number; ping: (candidate: Candidate) => void },
  ) {
    this.#settings = settings;
    this.#timetable = modules.timetable;
    this.#monotonic = modules.monotonic;
    this.#ping = modules.ping;
    const { pingMs, dropAfter } = settings.intervals;
    this.#failures = new FailedAddresses({ capacity: MAX_FAILURES, soonMs: dropAfter * pingMs, lateMs: GOSSIP_AGAIN_AFTER * pingMs });
    this.#pace = new CandidatePace({
      perSecond: settings.candidatePingsPerSecond,
      networkPerSecond: settings.networkPingsPerSecond,
      limitLocal: settings.limitLocalNetworks,
    });
  }

  get size(): number {
    return this.#byAddress.size;
  }

  get(address: AddrPort): Candidate | undefined {
    return this.#byAddress.get(address);
  }

  /** Whether an address of this source would be pinged soon: if not, what peers name need not be looked at. */
  hasRoom(source: CandidateSource): boolean {
    if (this.#byAddress.size >= this.#settings.maxCandidates) return false;
    return this.#pace.waitMs(source, this.#timetable.now()) < this.#settings.intervals.pingMs;
  }

  /** Takes an address on that has passed the filters. The first PING is sent during the call if the rate allows. */
  offer(address: AddrPort, source: CandidateSource, about: { teller?: AddrPort; expectedKey?: Uint8Array | undefined } = {}): Offer {
    if (this.#byAddress.get(address) !== undefined) return 'known';
    const addressKey = formatAddrPort(address);
    const nowMs = this.#timetable.now();
    if (!this.#mayTry(addressKey, source, about.teller, nowMs)) return 'failed-lately';
    if (this.#byAddress.size >= this.#settings.maxCandidates) return 'no-room';
    const atMs = this.#book(address, source, nowMs);
    if (atMs === undefined) return 'no-room';
    const candidate = new Candidate(address, {
      addressKey,
      source,
      firstSeenMs: this.#monotonic(),
      expectedKey: about.expectedKey,
      onDue: (due, dueMs) => this.#due(due, dueMs),
    });
    this.#byAddress.add(candidate);
    candidate.turnBooked = true;
    if (atMs <= nowMs) this.#pingNow(candidate, nowMs);
    else this.#timetable.at(candidate, atMs);
    return 'added';
  }

  /** Takes a candidate out because it answered; `refused` keeps it out for a while. */
  settle(candidate: Candidate, refused: boolean): void {
    if (!this.#byAddress.delete(candidate)) return;
    this.#timetable.cancel(candidate);
    if (refused) this.#failures.add(candidate.addressKey, this.#timetable.now());
    else this.#failures.delete(candidate.addressKey);
  }

  #due(candidate: Candidate, nowMs: number): void {
    if (candidate.pingsSent >= MAX_CANDIDATE_PINGS) {
      this.settle(candidate, true);
      this.onUnanswered(candidate);
      return;
    }
    const atMs = candidate.turnBooked ? nowMs : this.#book(candidate.address, candidate.source, nowMs);
    if (atMs === undefined) {
      // No turn in time: the PINGs already sent have to do.
      candidate.pingsSent = MAX_CANDIDATE_PINGS;
      this.#timetable.at(candidate, nowMs + LAST_ANSWER_AFTER * this.#settings.intervals.pingMs);
    } else if (atMs > nowMs) {
      candidate.turnBooked = true;
      this.#timetable.at(candidate, atMs);
    } else {
      this.#pingNow(candidate, nowMs);
    }
  }

  #pingNow(candidate: Candidate, nowMs: number): void {
    const { pingMs } = this.#settings.intervals;
    candidate.turnBooked = false;
    // Counted even when the gate holds it back: an address must not stay a candidate for ever.
    candidate.pingsSent++;
    this.#ping(candidate);
    const last = candidate.pingsSent >= MAX_CANDIDATE_PINGS;
    this.#timetable.at(candidate, nowMs + (last ? LAST_ANSWER_AFTER * pingMs : pingMs));
  }

  #book(address: AddrPort, source: CandidateSource, nowMs: number): number | undefined {
    return this.#pace.book(address.address, source, nowMs, nowMs + MAX_WAIT * this.#settings.intervals.pingMs);
  }

  #mayTry(addressKey: string, source: CandidateSource, teller: AddrPort | undefined, nowMs: number): boolean {
    if (source === 'hint') return true;
    if (teller === undefined) return this.#failures.mayAnswer(addressKey, nowMs);
    return this.#failures.mayTry(addressKey, voterGroup(teller), nowMs);
  }
}
