import { HASH } from './generated.ts';
import { instantiate } from './webassembly.ts';

/**
 * `count` candidates from the salt given as four little-endian words, of which the third (the low
 * half of the nonce) counts upwards: offset of the first whose work has none of the bits of `mask`
 * in its first little-endian word, or `count`. A signed 32-bit result: read it with `>>> 0`.
 */
export type Search = (word0: number, word1: number, word2: number, word3: number, count: number, mask: number) => number;

interface HashExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly INPUT: { readonly value: number };
  readonly OUTPUT: { readonly value: number };
  readonly WINDOW: { readonly value: number };
  readonly WORK_DIGEST: { readonly value: number };
  readonly blake3Absorb: (chunks: number) => void;
  readonly blake3Finish: (chunks: number, length: number) => void;
  readonly xxHash64Absorb: (windows: number) => void;
  readonly xxHash64Finish: (windows: number, length: number) => void;
  readonly prepareWork: () => void;
  readonly computeWork: () => void;
  readonly search: Search;
}

/** The instantiated module. Its memory never grows, so the views stay valid. */
export interface HashModule extends Omit<HashExports, 'memory' | 'INPUT' | 'OUTPUT' | 'WINDOW' | 'WORK_DIGEST'> {
  readonly memory: object;
  /** Where inputs are written: `windowBytes` long. */
  readonly input: Uint8Array;
  /** Where results appear: 32 bytes. */
  readonly output: Uint8Array;
  /** BLAKE3 of the signature that `prepareWork`, or the caller, has put there for the searches. */
  readonly workDigest: Uint8Array;
  readonly windowBytes: number;
}

let shared: HashModule | undefined;

/** The one instance of this thread, made at the first call. Its functions must not be interleaved. */
export function hashModule(): HashModule {
  shared ??= load();
  return shared;
}

function load(): HashModule {
  const { memory, INPUT, OUTPUT, WINDOW, WORK_DIGEST, ...functions } = instantiate(HASH) as HashExports;
  return {
    ...functions,
    memory,
    input: new Uint8Array(memory.buffer, INPUT.value, WINDOW.value),
    output: new Uint8Array(memory.buffer, OUTPUT.value, 32),
    workDigest: new Uint8Array(memory.buffer, WORK_DIGEST.value, 32),
    windowBytes: WINDOW.value,
  };
}
