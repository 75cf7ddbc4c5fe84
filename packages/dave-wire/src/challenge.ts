import { copyBytes } from './copy-bytes.ts';
import { WireError } from './errors.ts';
import { blake3Into } from './hash.ts';
import { publicKeyOf } from './keys.ts';
import type { AddrPort, Solution } from './message.ts';
import type { RandomBytes } from './random.ts';
import { boundSalt } from './salt-binding.ts';
import type { SignatureBackend } from './signature/backend.ts';
import { defaultBackend } from './signature/default-backend.ts';

const CHALLENGE_BYTES = 32;
const SALT_BYTES = 16;
const digest: Uint8Array = new Uint8Array(32);

export interface SolveChallengeOptions {
  /** The asker's address as this node sees it: the answer then convinces nobody else. See `saltBinding`. */
  boundTo?: AddrPort;
  /** Default: the fastest one that is installed. */
  backend?: SignatureBackend;
}

/** 32 random bytes for a PING. Whoever can predict them can answer for another peer. */
export function createChallenge(random: RandomBytes): Uint8Array {
  return random.bytes(CHALLENGE_BYTES);
}

/**
 * Answers a PING: a signature over BLAKE3-256(challenge ‖ salt).
 *
 * Those 48 bytes are chosen in part by the asker and have the shape of what a dat signs, with
 * salt[8..16] as its time. The top two bits of salt[15] are therefore always 01: a time of at least
 * 2⁶² ms, which no node accepts, and which the Go implementation does not even hash as it stands.
 *
 * The challenge has 32 bytes, the private key is a 32-byte seed: else `WIRE_BAD_LENGTH`. An
 * unparsable `boundTo` is `WIRE_BAD_VALUE`.
 *
 * @example
 * const solution = solveChallenge(ping.challenge, privateKey, systemRandom, { boundTo: sender });
 */
export function solveChallenge(challenge: Uint8Array, privateKey: Uint8Array, random: RandomBytes, options: SolveChallengeOptions = {}): Solution {
  if (challenge.length !== CHALLENGE_BYTES) {
    throw new WireError('WIRE_BAD_LENGTH', `A challenge has ${CHALLENGE_BYTES} bytes, this one has ${challenge.length}.`);
  }
  const publicKey = publicKeyOf(privateKey).slice();
  const salt = options.boundTo === undefined ? freeSalt(random) : boundSalt(challenge, options.boundTo);
  blake3Into(digest, 0, challenge, salt);
  const signature = (options.backend ?? defaultBackend()).sign(digest, privateKey);
  return { challenge: copyBytes(challenge), salt, publicKey, signature };
}

/**
 * Whether `solution` answers `challenge` and is signed by the key that it names. Whose key that is,
 * and whether the answer was relayed, is for the caller (`saltBinding`). A wrong answer must not use
 * the challenge up: anyone can send one. Fields of a wrong length make it false; it never rejects.
 */
export async function verifySolution(solution: Solution, challenge: Uint8Array, options: { backend?: SignatureBackend } = {}): Promise<boolean> {
  if (!answers(solution, challenge)) return false;
  const backend = options.backend ?? defaultBackend();
  blake3Into(digest, 0, solution.challenge, solution.salt);
  if (backend.verifyAsync !== undefined) return backend.verifyAsync(digest, solution.signature, solution.publicKey);
  return backend.verify(digest, solution.signature, solution.publicKey);
}

/** {@link verifySolution} on the calling thread. */
export function verifySolutionSync(solution: Solution, challenge: Uint8Array, options: { backend?: SignatureBackend } = {}): boolean {
  if (!answers(solution, challenge)) return false;
  blake3Into(digest, 0, solution.challenge, solution.salt);
  return (options.backend ?? defaultBackend()).verify(digest, solution.signature, solution.publicKey);
}

function answers(solution: Solution, challenge: Uint8Array): boolean {
  return (
    challenge.length === CHALLENGE_BYTES &&
    solution.challenge.length === CHALLENGE_BYTES &&
    solution.salt.length === SALT_BYTES &&
    challenge.every((byte, at) => byte === solution.challenge[at])
  );
}

function freeSalt(random: RandomBytes): Uint8Array {
  const salt = Uint8Array.from(random.bytes(SALT_BYTES));
  salt[15] = (salt[15]! & 0x3f) | 0x40;
  return salt;
}
