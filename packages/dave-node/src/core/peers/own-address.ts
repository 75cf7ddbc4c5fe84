import { type AddrPort, formatAddrPort } from '@p2p/dave-wire';
import type { NodeEmitter } from '../../events.ts';
import { addressClass } from './address-class.ts';
import { AddressVotes, scopeOf, voterGroup } from './address-votes.ts';

/** Addresses at which our own key answered. */
const MAX_ALIASES = 64;
/** Networks whose answers were made for another address than ours until we stop believing that we know it. */
const MAX_CONTRADICTIONS = 3;
/** Voters behind an address before answers are held against it. */
const CONFIRMING_VOTERS = 2;

/** What we know about our own addresses. */
export class OwnAddress {
  readonly #boundAddress: () => AddrPort;
  readonly #emitter: NodeEmitter;
  readonly #votes = new AddressVotes();
  readonly #aliases = new Set<string>();
  readonly #contradictions = new Map<string, Set<string>>();
  readonly #mistrusted = new Set<string>();

  constructor(modules: { boundAddress: () => AddrPort; emitter: NodeEmitter }) {
    this.#boundAddress = modules.boundAddress;
    this.#emitter = modules.emitter;
  }

  /** Our address as others see it, the one that reaches farthest first; undefined until somebody said. */
  get address(): AddrPort | undefined {
    return this.#votes.best();
  }

  /** True for addresses that lead back to ourselves. */
  isOwn(addrPort: AddrPort): boolean {
    const bound = this.#boundAddress();
    if (addrPort.port === bound.port) {
      if (addrPort.address === bound.address) return true;
      if (isAny(bound) && addressClass(addrPort.address) === 'loopback') return true;
    }
    const addressKey = formatAddrPort(addrPort);
    return this.#aliases.has(addressKey) || this.#votes.isWinner(addressKey);
  }

  /** Our own key answered there. */
  addAlias(addressKey: string): void {
    if (this.#aliases.size < MAX_ALIASES) this.#aliases.add(addressKey);
  }

  /**
   * The address under which a peer at `peer` sees us, where we know it for certain enough to refuse
   * answers that were made for another one: a bound address within its own reach, loopback, or what
   * peers of several networks agree on.
   */
  seenBy(peer: AddrPort): AddrPort | undefined {
    const bound = this.#boundAddress();
    const scope = scopeOf(peer.address);
    const kind = addressClass(peer.address);
    const mistrusted = this.#mistrusted.has(scope);
    if (isAny(bound)) {
      if (peer.address === '127.0.0.1' || peer.address === '::1') return { address: peer.address, port: bound.port };
    } else if (kind !== 'link-local' && scopeOf(bound.address) === scope && !mistrusted) {
      return bound;
    }
    const learned = this.#votes.winner(scope);
    return learned !== undefined && learned.voters >= CONFIRMING_VOTERS && !mistrusted ? learned.address : undefined;
  }

  /** A proof from this peer was made for the address we expected. */
  confirmed(peer: AddrPort): void {
    this.#contradictions.delete(scopeOf(peer.address));
  }

  /**
   * A proof from this peer was made for another address. When several networks say so and none
   * agrees, it is we who moved. True: ask for our address again now.
   */
  contradicted(peer: AddrPort): boolean {
    const kind = addressClass(peer.address);
    // Nothing translates addresses on the way to ourselves, or to a public address that we are bound to.
    if (kind === 'loopback' || (kind === 'public' && scopeOf(this.#boundAddress().address) === scopeOf(peer.address))) return false;
    const scope = scopeOf(peer.address);
    let groups = this.#contradictions.get(scope);
    if (groups === undefined) this.#contradictions.set(scope, (groups = new Set()));
    groups.add(voterGroup(peer));
    if (groups.size < MAX_CONTRADICTIONS) return false;
    this.#contradictions.delete(scope);
    this.#mistrusted.add(scope);
    this.#votes.forget(scope);
    return true;
  }

  /** A peer that we asked says that it sees us at `answer`. */
  vote(voter: AddrPort, answer: AddrPort): void {
    const scope = scopeOf(voter.address);
    // A peer sees us from within its own reach: another class or family is a mistake or a lie.
    if (scopeOf(answer.address) !== scope || answer.port === 0) return;
    const before = this.#votes.winner(scope);
    const after = this.#votes.add(scope, voterGroup(voter), answer);
    if (after === undefined) return;
    if (after.voters >= CONFIRMING_VOTERS) this.#mistrusted.delete(scope);
    if (before?.addressKey !== after.addressKey) this.#emitter.emit('address-learned', { address: after.address });
  }

  /** A new round of questions begins: votes that two rounds did not renew are void, and addresses of ours may be somebody else's by now. */
  nextRound(): void {
    this.#aliases.clear();
    this.#votes.nextRound();
  }
}

function isAny(bound: AddrPort): boolean {
  return bound.address === '::' || bound.address === '0.0.0.0';
}
