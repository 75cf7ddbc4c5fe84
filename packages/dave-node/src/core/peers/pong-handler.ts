import type { AddrPort, Pong, Solution } from '@p2p/dave-wire';
import type { Clock } from '../../env.ts';
import { count, type Counters } from '../counters.ts';
import { Candidate } from './candidate.ts';
import type { Candidates } from './candidates.ts';
import type { Outstanding } from './challenges.ts';
import { equalBytes } from './equal-bytes.ts';
import type { OwnAddress } from './own-address.ts';
import { PeerRecord } from './peer-record.ts';
import type { Proof, ProofOutcome } from './peer-lifecycle.ts';
import type { PeerTable } from './peer-table.ts';
import { copySolution, type Proofs } from './proofs.ts';

/** Answers of one address that are verified at once. */
const MAX_VERIFYING_PER_CONTACT = 2;

/** An answer to a challenge of ours, on its way through verification. */
interface Answer {
  readonly contact: PeerRecord | Candidate;
  readonly outstanding: Outstanding;
  readonly solution: Solution;
  readonly addrPorts: readonly AddrPort[];
  readonly rttMs: number;
}

/** What happens with answers that turned out right. */
export interface PongListener {
  proven(contact: PeerRecord | Candidate, proof: Proof): ProofOutcome;
  /** The proof was for us, from whoever is there: bytes may flow. Called for every right answer, refused or not. */
  validated(contact: PeerRecord | Candidate): void;
  /** Peers named by a peer that was accepted. */
  named(teller: AddrPort, addrPorts: readonly AddrPort[]): void;
  /** The proof was made for another address than ours. */
  relayed(contact: PeerRecord | Candidate): void;
  failed(error: Error): void;
}

/**
 * Checks PONGs. Whatever is wrong with one is counted and changes nothing: the challenge stays
 * outstanding, since anyone can send a wrong answer from a forged address.
 */
export class PongHandler {
  readonly #table: PeerTable;
  readonly #candidates: Candidates;
  readonly #own: OwnAddress;
  readonly #proofs: Proofs;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #listener: PongListener;
  readonly #maxVerifying: number;
  #verifying = 0;
  #stopped = false;

  constructor(
    options: { maxVerifications: number },
    modules: {
      table: PeerTable;
      candidates: Candidates;
      own: OwnAddress;
      proofs: Proofs;
      clock: Clock;
      counters: Counters;
      listener: PongListener;
    },
  ) {
    this.#maxVerifying = options.maxVerifications;
    this.#table = modules.table;
    this.#candidates = modules.candidates;
    this.#own = modules.own;
    this.#proofs = modules.proofs;
    this.#clock = modules.clock;
    this.#counters = modules.counters;
    this.#listener = modules.listener;
  }

  stop(): void {
    this.#stopped = true;
  }

  handle(message: Pong, from: AddrPort): void {
    const contact = this.#table.at(from) ?? this.#candidates.get(from);
    if (contact === undefined || contact.challenges.size === 0) return this.#drop('unasked-pong');
    const outstanding = contact.challenges.find(message.solution.challenge);
    if (outstanding === undefined) return this.#drop('wrong-pong');
    if (!fitsPin(contact, message.solution.publicKey)) return this.#drop('wrong-key');
    if (contact.challenges.verifying >= MAX_VERIFYING_PER_CONTACT || this.#verifying >= this.#maxVerifying) {
      return this.#drop('verifier-busy');
    }
    const answer: Answer = {
      contact,
      outstanding,
      solution: message.solution,
      addrPorts: message.addrPorts,
      rttMs: this.#clock.monotonic() - outstanding.sentMs,
    };
    const verdict = this.#proofs.verify(answer.solution, outstanding.challenge);
    if (typeof verdict === 'boolean') this.#conclude(answer, verdict);
    // The answer outlives the packet's buffer.
    else void this.#await({ ...answer, solution: copySolution(answer.solution) }, verdict);
  }

  async #await(answer: Answer, verdict: Promise<boolean>): Promise<void> {
    const { challenges } = answer.contact;
    this.#verifying++;
    challenges.verifying++;
    try {
      const valid = await verdict;
      this.#conclude(answer, valid);
    } catch (error) {
      this.#listener.failed(error as Error);
    } finally {
      this.#verifying--;
      challenges.verifying--;
    }
  }

  /** Verification took time: everything that the answer relied on is looked at again. */
  #conclude(answer: Answer, valid: boolean): void {
    const { contact, outstanding, solution, rttMs } = answer;
    if (this.#stopped) return;
    if (!valid) return this.#drop('wrong-pong');
    if (!this.#isCurrent(contact) || !fitsPin(contact, solution.publicKey)) return this.#drop('late-pong');
    if (!this.#isForUs(contact, solution)) return this.#drop('relayed-pong');
    if (!contact.challenges.consume(outstanding)) return this.#drop('unasked-pong');
    this.#listener.validated(contact);
    const outcome = this.#listener.proven(contact, { publicKey: solution.publicKey, rttMs });
    if (contact instanceof Candidate) this.#candidates.settle(contact, outcome !== 'accepted');
    if (outcome === 'accepted') this.#listener.named(contact.address, answer.addrPorts);
    else this.#drop(outcome);
  }

  #isCurrent(contact: PeerRecord | Candidate): boolean {
    if (contact instanceof PeerRecord) return this.#table.holds(contact);
    return this.#candidates.get(contact.address) === contact;
  }

  #isForUs(contact: PeerRecord | Candidate, solution: Solution): boolean {
    // With its key given by the operator, a peer may well be reached through a proxy.
    const seenAs = contact.keyConfigured ? undefined : this.#own.seenBy(contact.address);
    if (seenAs === undefined) return true;
    const binding = this.#proofs.binding(solution, seenAs);
    if (binding === 'match') this.#own.confirmed(contact.address);
    if (binding === 'mismatch') this.#listener.relayed(contact);
    return binding !== 'mismatch';
  }

  #drop(reason: string): void {
    count(this.#counters.packetsDropped, reason);
  }
}

function fitsPin(contact: PeerRecord | Candidate, publicKey: Uint8Array): boolean {
  return contact.pinnedKey === undefined || equalBytes(contact.pinnedKey, publicKey);
}
