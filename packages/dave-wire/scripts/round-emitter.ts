/**
 * Unrolls BLAKE3's compression into straight-line AssemblyScript, evaluating at build time what
 * does not depend on the varying input.
 *
 * A proof-of-work candidate is one 48-byte block of which only the nonce changes: four message
 * words are zero, and most of round 1 is the same for all candidates. Words therefore carry a kind:
 * `zero` words vanish, `uniform` ones are computed once per search in scalar code, and only
 * `varying` ones reach the loop. Binaryen removes what the deciding words do not need at the end.
 */
export type Word = { readonly kind: 'zero' } | { readonly kind: 'uniform' | 'varying'; readonly name: string };

/** How varying words are computed: as `u32`, or as four of them in a `v128`. */
export interface Dialect {
  readonly add: (a: string, b: string) => string;
  readonly xor: (a: string, b: string) => string;
  readonly rotateRight: (a: string, bits: 7 | 8 | 12 | 16) => string;
}

export interface Compression {
  /** Message words, as they stand before round 1. */
  readonly message: readonly Word[];
  /** The 16 words of the state. */
  readonly state: Word[];
}

export const IV: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
export const ZERO: Word = { kind: 'zero' };
const ROUNDS = 7;
const PERMUTATION: readonly number[] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const COLUMNS: readonly (readonly [number, number, number, number])[] = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]];
const DIAGONALS: readonly (readonly [number, number, number, number])[] = [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];

export class RoundEmitter {
  /** Scalar statements that run once per search. */
  readonly prologue: string[] = [];
  /** Statements that run for every candidate (or for every four). */
  readonly body: string[] = [];
  readonly #dialect: Dialect;
  readonly #spread: (uniformName: string) => string;
  readonly #uniforms = new Map<string, string>();
  #names = 0;

  /** `spread` turns the name of a uniform word into an operand for the dialect. */
  constructor(dialect: Dialect, spread: (uniformName: string) => string) {
    this.#dialect = dialect;
    this.#spread = spread;
  }

  /** Interleaved compressions share what is uniform: equal expressions have one name. */
  uniform(expression: string): Word {
    const known = this.#uniforms.get(expression);
    const name = known ?? `u${this.#names++}`;
    if (known === undefined) {
      this.#uniforms.set(expression, name);
      this.prologue.push(`const ${name}: u32 = ${expression};`);
    }
    return { kind: 'uniform', name };
  }

  varying(expression: string): Word {
    const name = `t${this.#names++}`;
    this.body.push(`const ${name} = ${expression};`);
    return { kind: 'varying', name };
  }

  operand(word: Word): string {
    if (word.kind === 'zero') throw new Error('A zero word has no operand: fold it before.');
    return word.kind === 'uniform' ? this.#spread(word.name) : word.name;
  }

  add(a: Word, b: Word): Word {
    if (a.kind === 'zero') return b;
    if (b.kind === 'zero') return a;
    if (a.kind === 'uniform' && b.kind === 'uniform') return this.uniform(`${a.name} + ${b.name}`);
    return this.varying(this.#dialect.add(this.operand(a), this.operand(b)));
  }

  xor(a: Word, b: Word): Word {
    if (a.kind === 'zero') return b;
    if (b.kind === 'zero') return a;
    if (a.kind === 'uniform' && b.kind === 'uniform') return this.uniform(`${a.name} ^ ${b.name}`);
    return this.varying(this.#dialect.xor(this.operand(a), this.operand(b)));
  }

  /** Runs the seven rounds on all compressions, alternating between them after each quarter round. */
  rounds(compressions: readonly Compression[]): void {
    let schedule = Array.from({ length: 16 }, (_, index) => index);
    for (let round = 0; round < ROUNDS; round++) {
      [...COLUMNS, ...DIAGONALS].forEach((quarter, position) => {
        for (const { state, message } of compressions) {
          this.#quarterRound(state, quarter, message[schedule[2 * position]!]!, message[schedule[2 * position + 1]!]!);
        }
      });
      schedule = PERMUTATION.map((from) => schedule[from]!);
    }
  }

  #rotateRight(word: Word, bits: 7 | 8 | 12 | 16): Word {
    if (word.kind === 'zero') return word;
    if (word.kind === 'uniform') return this.uniform(`rotr<u32>(${word.name}, ${bits})`);
    return this.varying(this.#dialect.rotateRight(word.name, bits));
  }

  /** The two words that vary least are added first, so that their sum may be a constant. */
  #addThree(a: Word, b: Word, message: Word): Word {
    return b.kind === 'varying' ? this.add(this.add(a, message), b) : this.add(a, this.add(b, message));
  }

  #quarterRound(v: Word[], [a, b, c, d]: readonly [number, number, number, number], x: Word, y: Word): void {
    v[a] = this.#addThree(v[a]!, v[b]!, x);
    v[d] = this.#rotateRight(this.xor(v[d]!, v[a]), 16);
    v[c] = this.add(v[c]!, v[d]);
    v[b] = this.#rotateRight(this.xor(v[b]!, v[c]), 12);
    v[a] = this.#addThree(v[a], v[b], y);
    v[d] = this.#rotateRight(this.xor(v[d], v[a]), 8);
    v[c] = this.add(v[c], v[d]);
    v[b] = this.#rotateRight(this.xor(v[b], v[c]), 7);
  }
}
