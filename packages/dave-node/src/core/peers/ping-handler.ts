import { type AddrPort, type Ping, formatAddrPort } from '@p2p/dave-wire';
import { count } from '../counters.ts';
import type { Answers } from './answers.ts';
import { mayTry } from './candidate-filter.ts';
import type { Candidate } from './candidate.ts';
import type { Candidates } from './candidates.ts';
import type { Contact } from './contact.ts';
import type { DiscoveryModules, DiscoverySettings } from './discovery-options.ts';
import type { OwnAddress } from './own-address.ts';
import { PeerRecord } from './peer-record.ts';
import type { PeerTable } from './peer-table.ts';
import { pongPeers } from './pong-peers.ts';
import type { Proofs } from './proofs.ts';
import type { Timetable } from './timetable.ts';

/** Bytes of a PONG without addresses, and of each address. */
const PONG_BYTES = 146;
const ADDRESS_BYTES = 18;

/** The parts of discovery that answering PINGs needs. */
export interface PingHandlerParts {
  readonly table: PeerTable;
  readonly candidates: Candidates;
  readonly own: OwnAddress;
  readonly answers: Answers;
  readonly proofs: Proofs;
  readonly timetable: Timetable;
  /** Our own PING came back to us: the address leads here. */
  onSelf(contact: PeerRecord | Candidate): void;
}

/** Answers PINGs, and gets to know who sends them. */
export class PingHandler {
  readonly #settings: Pick<DiscoverySettings, 'mode' | 'intervals'>;
  readonly #modules: DiscoveryModules;
  readonly #parts: PingHandlerParts;

  constructor(settings: Pick<DiscoverySettings, 'mode' | 'intervals'>, modules: DiscoveryModules, parts: PingHandlerParts) {
    this.#settings = settings;
    this.#modules = modules;
    this.#parts = parts;
  }

  handle(message: Ping, from: AddrPort): void {
    const { table, candidates } = this.#parts;
    const known = table.at(from) ?? candidates.get(from);
    if (this.#isOurs(message, from, known)) return count(this.#modules.counters.packetsDropped, 'self');
    // The PING that proves the sender goes first: under a budget of bytes, the other order never gets there.
    const contact = known ?? this.#meet(from);
    const capabilities = message.extensions?.capabilities;
    if (contact !== undefined) {
      contact.hear(capabilities, Math.floor(this.#parts.timetable.now() / this.#settings.intervals.pingMs));
      contact.usedSpace = message.usedSpace;
      contact.capacity = message.capacity;
    }
    // A Go node places data on whoever answers it.
    if (this.#settings.mode === 'client' && capabilities === undefined) return count(this.#modules.counters.packetsDropped, 'client-silent');
    this.#answer(message.challenge.slice(), from, contact);
  }

  #isOurs(message: Ping, from: AddrPort, known: PeerRecord | Candidate | undefined): boolean {
    if (known?.challenges.find(message.challenge) !== undefined) {
      this.#parts.onSelf(known);
      return true;
    }
    // Whoever proved another key there is not us, whatever we were told our address is.
    return !(known !== undefined && known.pinnedKey !== undefined) && this.#parts.own.isOwn(from);
  }

  #meet(from: AddrPort): Contact | undefined {
    const { table, candidates, own } = this.#parts;
    if (!table.hasRoom || !mayTry(from, undefined, own)) return undefined;
    candidates.offer(from, 'contact');
    return candidates.get(from);
  }

  #answer(challenge: Uint8Array, from: AddrPort, contact: Contact | undefined): void {
    const { table, answers, proofs, timetable } = this.#parts;
    const { identity, random } = this.#modules;
    const id = contact instanceof PeerRecord ? contact.id : 0n;
    const addrPorts = pongPeers(table.activeList, { address: from, id }, random, this.#modules.weight ?? (() => 1));
    // A zone id means nothing to the asker.
    const boundTo = from.address.includes('%') ? undefined : { address: from.address, port: from.port };
    const addressKey = contact?.addressKey ?? formatAddrPort(from);
    answers.answer(from, addressKey, 'pong', PONG_BYTES + ADDRESS_BYTES * addrPorts.length, () => {
      if (contact !== undefined) contact.answeredMs = timetable.now();
      return { op: 'pong', solution: proofs.solve(challenge, identity.privateKey, random, boundTo), addrPorts };
    });
  }
}
