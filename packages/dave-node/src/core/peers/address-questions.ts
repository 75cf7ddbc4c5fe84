import { type AddrPort, type GetMyAddrPortAck, type Message, formatAddrPort } from '@p2p/dave-wire';
import type { Random } from '../../env.ts';
import { count, type Counters } from '../counters.ts';
import { voterGroup } from './address-votes.ts';
import type { DiscoveryIntervals } from './intervals.ts';
import type { OwnAddress } from './own-address.ts';
import type { PeerRecord } from './peer-record.ts';
import { type Scheduled, type Timetable, scheduled } from './timetable.ts';

/** Answers wanted in a round. */
const WANTED = 5;
/** Times one peer is asked in a round. */
const MAX_TRIES = 3;
/** Peers asked in a round, answered or not. */
const MAX_ASKED = 16;
/** Ping intervals that an answer may take. */
const ANSWER_WITHIN = 3;

interface Question {
  readonly group: string;
  /** Undefined for a Go node, which does not send it back. */
  requestId: bigint | undefined;
  tries: number;
  untilAt: number;
  answered: boolean;
}

/** Asks peers that just proved themselves for our own address, a few per round, one per network. */
export class AddressQuestions {
  readonly #asked = new Map<string, Question>();
  #answers = 0;
  readonly #own: OwnAddress;
  readonly #timetable: Timetable;
  readonly #intervals: DiscoveryIntervals;
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #send: (message: Message, to: AddrPort) => void;
  readonly #round: Scheduled = scheduled(() => this.nextRound());

  constructor(
    intervals: DiscoveryIntervals,
    modules: {
      own: OwnAddress;
      timetable: Timetable;
      random: Random;
      counters: Counters;
      send: (message: Message, to: AddrPort) => void;
    },
  ) {
    this.#intervals = intervals;
    this.#own = modules.own;
    this.#timetable = modules.timetable;
    this.#random = modules.random;
    this.#counters = modules.counters;
    this.#send = modules.send;
  }

  start(): void {
    this.#timetable.at(this.#round, this.#timetable.now() + this.#intervals.getMyAddrMs);
  }

  /** Asks anew: from now on, whoever proves itself next is asked. */
  nextRound(): void {
    this.#asked.clear();
    this.#answers = 0;
    this.#own.nextRound();
    this.start();
  }

  /** The peer just proved itself: a good moment to ask it, if answers are wanted. */
  consider(record: PeerRecord): void {
    if (this.#answers >= WANTED) return;
    const nowAt = this.#timetable.now();
    const known = this.#asked.get(record.addressKey);
    if (known !== undefined && (known.answered || nowAt < known.untilAt || known.tries >= MAX_TRIES)) return;
    if (known === undefined && this.#asked.size >= MAX_ASKED) return;
    const group = voterGroup(record.address);
    let pending = 0;
    for (const question of this.#asked.values()) {
      if (!question.answered && nowAt >= question.untilAt) continue;
      if (question.group === group) return;
      pending++;
    }
    if (pending >= WANTED) return;
    this.#ask(record, group, known, nowAt);
  }

  #ask(record: PeerRecord, group: string, known: Question | undefined, nowAt: number): void {
    const requestId = new DataView(Uint8Array.from(this.#random.bytes(8)).buffer).getBigUint64(0, true);
    this.#asked.set(record.addressKey, {
      group,
      requestId: record.claims.value === undefined ? undefined : requestId,
      tries: (known?.tries ?? 0) + 1,
      untilAt: nowAt + ANSWER_WITHIN * this.#intervals.pingMs,
      answered: false,
    });
    this.#send({ op: 'get-my-addr-port', extensions: { requestId } }, record.address);
  }

  /** Counts an answer, if it was asked for. */
  handleAck(message: GetMyAddrPortAck, from: AddrPort): void {
    const question = this.#asked.get(formatAddrPort(from));
    const asked = question !== undefined && !question.answered && this.#timetable.now() < question.untilAt;
    if (!asked || (question.requestId !== undefined && question.requestId !== message.extensions?.requestId)) {
      count(this.#counters.packetsDropped, 'unasked-address');
      return;
    }
    question.answered = true;
    this.#answers++;
    this.#own.vote(from, message.addrPort);
  }
}
