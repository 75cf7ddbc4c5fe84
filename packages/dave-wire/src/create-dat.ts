import type { AuthorTimes } from './author-times.ts';
import { BIND_KEY_OVERHEAD, bindValue } from './bind-key.ts';
import { MAX_KEY_AND_VALUE_BYTES, MIN_WORK } from './constants.ts';
import { copyBytes } from './copy-bytes.ts';
import { datDigest } from './dat-digest.ts';
import { WireError } from './errors.ts';
import { keyBytes } from './key-bytes.ts';
import { assertPrivateKey, publicKeyOf } from './keys.ts';
import type { Dat } from './message.ts';
import type { SignatureBackend } from './signature/backend.ts';
import { defaultBackend } from './signature/default-backend.ts';
import { solveWork, type SolveWorkOptions } from './work.ts';

export interface CreateDatOptions {
  /** 32-byte seed, as in a `KeyPair`. Pass the same array each time: what follows from it is remembered by array. */
  privateKey: Uint8Array;
  /** At most 255 bytes of UTF-8. */
  key: string;
  /** Key and value together have at most 1224 bytes; 5 fewer with `bindKey`. */
  value: Uint8Array;
  /** Unix ms. Default: max(now − 2 s, this author's last + 1); for an author who signs faster than a dat per millisecond not above now − 1 s, so that several keys share a time. */
  time?: number;
  /** Leading zero bits to prove, from 8 to 256. Default 8. Each bit doubles the time it takes. */
  difficulty?: number;
  /** Bind the value to its key, so that nobody can move bytes between them: read it with `unbindValue`. Default false, which is what Go writes. */
  bindKey?: boolean;
  /** Unix ms for the default of `time`. Default: the runtime's clock. */
  now?: number;
}

/** How the work is done: signal, threads and progress as in `solveWork`. */
export interface CreateDatRun extends SolveWorkOptions {
  /** Default: the fastest one that is installed. */
  readonly backend?: SignatureBackend;
}

/** The steps of `createDat`, with the clock and the memory of times passed in. Everything is refused before any work is done. */
export async function signAndProve(
  options: CreateDatOptions,
  run: CreateDatRun,
  environment: { readonly now: () => number; readonly times: AuthorTimes },
): Promise<Dat> {
  assertDraft(options);
  run.signal?.throwIfAborted();
  const { key, privateKey, difficulty = MIN_WORK } = options;
  const publicKey = publicKeyOf(privateKey);
  const time = options.time ?? environment.times.take(publicKey, key, options.now ?? environment.now());
  if (options.time !== undefined) environment.times.note(publicKey, key, time);
  const value = options.bindKey === true ? bindValue(key, options.value) : copyBytes(options.value);
  const signature = (run.backend ?? defaultBackend()).sign(datDigest({ key, value, time }), privateKey);
  const { salt, work } = await solveWork(signature, difficulty, run);
  return { time, salt, work, signature, publicKey: publicKey.slice(), key, value };
}

function assertDraft(options: CreateDatOptions): void {
  assertPrivateKey(options.privateKey);
  const keyLength = keyBytes(options.key).length;
  const overhead = options.bindKey === true ? BIND_KEY_OVERHEAD : 0;
  const total = keyLength + options.value.length + overhead;
  if (total > MAX_KEY_AND_VALUE_BYTES) {
    const binding = overhead === 0 ? '' : ` + ${overhead} of bindKey`;
    throw new WireError(
      'WIRE_TOO_LONG',
      `Key and value together have at most ${MAX_KEY_AND_VALUE_BYTES} bytes, these have ${keyLength} + ${options.value.length}${binding} = ${total}: shorten the value by ${total - MAX_KEY_AND_VALUE_BYTES}.`,
    );
  }
  const { time, difficulty = MIN_WORK } = options;
  if (time !== undefined && !(Number.isSafeInteger(time) && time >= 0)) {
    throw new WireError('WIRE_BAD_VALUE', `time is Unix ms, an integer from 0 to 2^53 - 1, not ${time}.`);
  }
  if (!Number.isSafeInteger(difficulty) || difficulty < MIN_WORK || difficulty > 256) {
    throw new WireError('WIRE_BAD_VALUE', `difficulty is an integer from ${MIN_WORK} (the least that any peer accepts) to 256, not ${difficulty}.`);
  }
}
