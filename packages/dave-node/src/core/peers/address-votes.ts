import { type AddrPort, formatAddrPort } from '@p2p/dave-wire';
import { addressClass, networkOf } from './address-class.ts';

/** Votes kept per scope. */
const MAX_VOTES = 32;

interface Vote {
  readonly address: AddrPort;
  readonly addressKey: string;
  round: number;
}

/** The address that more than half of the voting networks name. */
export interface Winner {
  readonly address: AddrPort;
  readonly addressKey: string;
  readonly voters: number;
}

/** Where an address is valid: its family and class. */
export function scopeOf(address: string): string {
  return `${address.includes(':') ? 6 : 4}-${addressClass(address)}`;
}

/** Who has one vote: a network where addresses are cheap to get, a host where one operator owns them, a node on loopback. */
export function voterGroup(voter: AddrPort): string {
  const kind = addressClass(voter.address);
  if (kind === 'loopback') return formatAddrPort(voter);
  return kind === 'public' ? networkOf(voter.address) : voter.address;
}

/** Scopes from the one that reaches farthest. */
const BY_REACH = ['4-public', '6-public', '4-private', '6-private', '4-loopback', '6-loopback'] as const;

/** Counts what peers say our address is: one vote per network, the latest counts. */
export class AddressVotes {
  readonly #byScope = new Map<string, Map<string, Vote>>();
  readonly #winners = new Map<string, Winner>();
  #round = 0;

  winner(scope: string): Winner | undefined {
    return this.#winners.get(scope);
  }

  isWinner(addressKey: string): boolean {
    for (const winner of this.#winners.values()) if (winner.addressKey === addressKey) return true;
    return false;
  }

  best(): AddrPort | undefined {
    for (const scope of BY_REACH) {
      const winner = this.#winners.get(scope);
      if (winner !== undefined) return winner.address;
    }
    return undefined;
  }

  /** Records a vote. The winner stays what it was while no address has more than half. */
  add(scope: string, group: string, answer: AddrPort): Winner | undefined {
    let votes = this.#byScope.get(scope);
    if (votes === undefined) this.#byScope.set(scope, (votes = new Map()));
    if (votes.size >= MAX_VOTES && !votes.has(group)) return this.#winners.get(scope);
    const address = { address: answer.address, port: answer.port };
    votes.set(group, { address, addressKey: formatAddrPort(address), round: this.#round });
    const winner = majority(votes);
    if (winner !== undefined) this.#winners.set(scope, winner);
    return this.#winners.get(scope);
  }

  forget(scope: string): void {
    this.#byScope.delete(scope);
    this.#winners.delete(scope);
  }

  nextRound(): void {
    this.#round++;
    for (const votes of this.#byScope.values()) {
      for (const [group, vote] of votes) if (vote.round < this.#round - 1) votes.delete(group);
    }
  }
}

function majority(votes: ReadonlyMap<string, Vote>): Winner | undefined {
  const counts = new Map<string, number>();
  for (const { address, addressKey } of votes.values()) {
    const voters = (counts.get(addressKey) ?? 0) + 1;
    counts.set(addressKey, voters);
    if (voters * 2 > votes.size) return winnerWith(votes, address, addressKey);
  }
  return undefined;
}

function winnerWith(votes: ReadonlyMap<string, Vote>, address: AddrPort, addressKey: string): Winner {
  let voters = 0;
  for (const vote of votes.values()) if (vote.addressKey === addressKey) voters++;
  return { address, addressKey, voters };
}
