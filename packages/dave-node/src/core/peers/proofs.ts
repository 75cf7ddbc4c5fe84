import {
  type AddrPort,
  type Solution,
  saltBinding,
  solveChallenge,
  verifySolution,
} from '@p2p/dave-wire';
import type { Random } from '../../env.ts';

/** How challenges are answered and checked; a simulation passes a cheaper scheme. */
export interface Proofs {
  solve(challenge: Uint8Array, privateKey: Uint8Array, random: Random, boundTo: AddrPort | undefined): Solution;
  /** Takes the bytes before it returns. Must not reject for a wrong answer. */
  verify(solution: Solution, challenge: Uint8Array): boolean | Promise<boolean>;
  /** Whom an answer was made for, given the address under which the answering peer would see us. */
  binding(solution: Solution, seenAs: AddrPort): 'unbound' | 'match' | 'mismatch';
}

/** The protocol's own: ed25519, salts bound to the asker. */
export const wireProofs: Proofs = {
  solve: (challenge, privateKey, random, boundTo) =>
    solveChallenge(challenge, privateKey, random, boundTo === undefined ? {} : { boundTo }),
  verify: (solution, challenge) => verifySolution(copySolution(solution), challenge),
  binding: saltBinding,
};

/** For what outlives the packet's buffer. */
export function copySolution(solution: Solution): Solution {
  return {
    challenge: solution.challenge.slice(),
    salt: solution.salt.slice(),
    publicKey: solution.publicKey.slice(),
    signature: solution.signature.slice(),
  };
}
