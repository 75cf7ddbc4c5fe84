import { blake3 } from './hash.ts';
import { hashModule } from './wasm/hash-module.ts';
import { coordinateSearch } from './work-coordinator.ts';
import { workHost, type WorkThread } from './work-host.ts';
import { leadingZeroBits, saltOf, searchLease, workOver } from './work-search.ts';

export { leadingZeroBits };

const SIGNATURE_BYTES = 64;
const SALT_BYTES = 16;
const WORK_BYTES = 32;
/** Below this many bits a search ends within some 0.1 ms: it is done at once, without threads. */
const IMMEDIATE_BELOW_BITS = 12;
/** From this many bits on (25 ms of one fast thread) the default is to use all cores. */
const THREADS_FROM_BITS = 20;
const IMMEDIATE_LEASE = 2 ** 16;
const MAX_THREADS = 256;

/** A salt, 16 bytes, and the work it gives, 32 bytes. */
export interface Work {
  readonly salt: Uint8Array;
  readonly work: Uint8Array;
}

/** How far a search has come. */
export interface WorkProgress {
  /** Candidates tried so far, by all threads together. On average 2^difficulty are needed. */
  readonly hashes: number;
}

export interface SolveWorkOptions {
  /**
   * Threads to search with, 1 to 256; 1 is the calling thread, which lets the event loop turn every
   * few milliseconds. Default: 1 below 20 bits, else as many as the host has cores. Under 12 bits
   * no thread is ever started. Where threads cannot be started the calling thread searches.
   */
  readonly threads?: number;
  /** Aborting rejects with `signal.reason`; the cores are free within 50 ms. */
  readonly signal?: AbortSignal;
  /** Called at most once in 2^21 candidates, never under 12 bits. What it throws rejects the search. */
  readonly onProgress?: (progress: WorkProgress) => void;
}

/**
 * Work of a salt over a signature: BLAKE3-256(salt ‖ BLAKE3-256(signature)), 32 new bytes. A
 * signature that is not 64 bytes, or a salt that is not 16, is a `TypeError`.
 */
export function computeWork(signature: Uint8Array, salt: Uint8Array): Uint8Array {
  assertLength(signature, SIGNATURE_BYTES, 'A signature');
  assertLength(salt, SALT_BYTES, 'A salt');
  return workView(signature, salt).slice();
}

/**
 * Whether `work` is the work of `salt` over `signature`. It says nothing about the difficulty: see
 * {@link leadingZeroBits}. Arguments of another length than 64, 16 and 32 bytes prove nothing: false.
 */
export function checkWork(signature: Uint8Array, salt: Uint8Array, work: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || salt.length !== SALT_BYTES || work.length !== WORK_BYTES) return false;
  const expected = workView(signature, salt);
  for (let index = 0; index < WORK_BYTES; index++) {
    if (expected[index] !== work[index]) return false;
  }
  return true;
}

/**
 * Finds a salt whose work over `signature` has at least `difficulty` leading zero bits. Salts are
 * tried from 0 upwards, as a little-endian number in salt[8..16] that carries into salt[0..8]; the
 * result is the smallest, whatever the number of threads.
 *
 * `difficulty` is an integer from 0 to 256 and doubles the time with each step: about 25 ms at 20
 * bits and 7 minutes at 34 on one core with SIMD. Another value, a signature that is not 64 bytes,
 * or `threads` out of bounds, rejects with a `TypeError`. Source: the proof-of-work of godave v0.0.51.
 *
 * @example
 * const { salt, work } = await solveWork(signature, 16, { signal: AbortSignal.timeout(1000) });
 */
export async function solveWork(signature: Uint8Array, difficulty: number, options: SolveWorkOptions = {}): Promise<Work> {
  const { threads, signal, onProgress } = options;
  assertLength(signature, SIGNATURE_BYTES, 'A signature');
  if (!Number.isInteger(difficulty) || difficulty < 0 || difficulty > 256) throw new TypeError('The difficulty must be an integer from 0 to 256.');
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)) {
    throw new TypeError(`The number of threads must be an integer from 1 to ${MAX_THREADS}.`);
  }
  signal?.throwIfAborted();
  const digest = blake3(signature);
  const number =
    difficulty < IMMEDIATE_BELOW_BITS
      ? searchAtOnce(digest, difficulty)
      : await coordinateSearch({ digest, difficulty, start: 0n, ...placesFor(threads, difficulty), signal, onProgress });
  const salt = saltOf(number);
  return { salt, work: computeWork(signature, salt) };
}

function searchAtOnce(digest: Uint8Array, difficulty: number): bigint {
  for (let start = 0n; ; start += BigInt(IMMEDIATE_LEASE)) {
    const found = searchLease({ digest, difficulty, start, count: IMMEDIATE_LEASE });
    if (found >= 0) return start + BigInt(found);
  }
}

function placesFor(wanted: number | undefined, difficulty: number): { threads: readonly WorkThread[]; fallback: WorkThread } {
  const host = workHost();
  const count = wanted ?? (difficulty < THREADS_FROM_BITS ? 1 : Math.min(host.parallelism, MAX_THREADS));
  const threads = count === 1 ? [] : host.threads(count);
  return { threads, fallback: host.local };
}

/** A view of the result, valid until the next hash. */
function workView(signature: Uint8Array, salt: Uint8Array): Uint8Array {
  const { input, prepareWork } = hashModule();
  input.set(signature);
  prepareWork();
  return workOver(salt);
}

function assertLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new TypeError(`${what} must be ${length} bytes, not ${bytes.length}.`);
}
