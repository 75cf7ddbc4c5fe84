import { hashModule } from './wasm/hash-module.ts';

const CHUNKS_PER_WINDOW = 16;

/**
 * BLAKE3-256 of the concatenation of `parts`, as 32 new bytes. Any number of parts of any length,
 * none included; nothing is concatenated in JavaScript. A part that is no `Uint8Array` is a
 * `TypeError`. Source: the BLAKE3 paper, https://github.com/BLAKE3-team/BLAKE3-specs.
 *
 * @example
 * const digest = blake3(new TextEncoder().encode('key'), value);
 */
export function blake3(...parts: readonly Uint8Array[]): Uint8Array {
  runBlake3(parts);
  return hashModule().output.slice();
}

/** {@link blake3} written to `target` at `offset`: 32 bytes, without an allocation. */
export function blake3Into(target: Uint8Array, offset: number, ...parts: readonly Uint8Array[]): void {
  runBlake3(parts);
  target.set(hashModule().output, offset);
}

/**
 * xxHash64 with seed 0 of the concatenation of `parts`: an unsigned 64-bit integer. Not a
 * cryptographic hash: collisions take milliseconds to find. A part that is no `Uint8Array` is a
 * `TypeError`. Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
 *
 * @example
 * const hash = xxHash64(publicKey, key);
 */
export function xxHash64(...parts: readonly Uint8Array[]): bigint {
  runXxHash64(parts);
  const { output } = hashModule();
  return (BigInt(readWord(output, 4)) << 32n) | BigInt(readWord(output, 0));
}

/** {@link xxHash64} as two unsigned words, low then high, in `target[0]` and `target[1]`: no `bigint` is made. */
export function xxHash64Words(target: Uint32Array, ...parts: readonly Uint8Array[]): void {
  runXxHash64(parts);
  const { output } = hashModule();
  target[0] = readWord(output, 0);
  target[1] = readWord(output, 4);
}

function runBlake3(parts: readonly Uint8Array[]): void {
  const { blake3Absorb, blake3Finish } = hashModule();
  feed(
    parts,
    (windows) => blake3Absorb(windows * CHUNKS_PER_WINDOW),
    (windows, length) => blake3Finish(windows * CHUNKS_PER_WINDOW, length),
  );
}

function runXxHash64(parts: readonly Uint8Array[]): void {
  const { xxHash64Absorb, xxHash64Finish } = hashModule();
  feed(parts, xxHash64Absorb, xxHash64Finish);
}

/** Copies `parts` through the input window: `absorb` takes a full one only if more bytes follow. */
function feed(parts: readonly Uint8Array[], absorb: (windows: number) => void, finish: (windows: number, length: number) => void): void {
  const { input, windowBytes } = hashModule();
  let windows = 0;
  let length = 0;
  for (const part of parts) {
    if (!isBytes(part)) throw new TypeError('Only Uint8Array can be hashed: encode other values first.');
    let from = 0;
    while (part.length - from > windowBytes - length) {
      const until = from + windowBytes - length;
      input.set(part.subarray(from, until), length);
      absorb(windows++);
      from = until;
      length = 0;
    }
    input.set(from === 0 ? part : part.subarray(from), length);
    length += part.length - from;
  }
  finish(windows, length);
}

/** Also bytes of another realm, such as those of a test environment. */
function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]';
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
