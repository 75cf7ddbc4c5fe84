import { SCALAR } from './compress-source.ts';
import { IV, RoundEmitter, ZERO, type Compression, type Dialect, type Word } from './round-emitter.ts';

/** `relaxed` needs relaxed SIMD, `simd` the plain 128-bit SIMD, `scalar` nothing. */
export type SearchVariant = 'scalar' | 'simd' | 'relaxed';

// Measured on an EPYC 9004 (Zen 4) with V8 14.6, one thread, median of 11 alternating runs, Mhash/s:
//   relaxed  two blocks interleaved 46.8, one block 41.6; four quarter rounds in step instead of
//            one after the other 47.6, but 25 % more gzipped code; constants as locals instead of
//            in memory 46.1; masks as literals 30.7, because V8 rebuilds a literal mask with four
//            instructions at each use: hence the masks are stored to memory and loaded once.
//   simd     rotation by 16 as a shuffle of 16-bit lanes (two instructions) and by 8 as a swizzle
//            with a loaded mask (two) 43.2, the latter as shifts 43.0, both as shifts 41.1, the
//            latter as i8x16.shuffle 37.6.
const BLOCKS = 2;
const LANES = 4;
/** Room for constants at SPLATS in `assembly/layout.ts`. */
const SPLAT_SLOTS = 96;

function simdDialect(rotateBy16: (a: string) => string, rotateBy8: (a: string) => string): Dialect {
  return {
    add: (a, b) => `i32x4.add(${a}, ${b})`,
    xor: (a, b) => `v128.xor(${a}, ${b})`,
    rotateRight: (a, bits) => {
      if (bits === 16) return rotateBy16(a);
      if (bits === 8) return rotateBy8(a);
      return `v128.or(i32x4.shr_u(${a}, ${bits}), i32x4.shl(${a}, ${32 - bits}))`;
    },
  };
}

const SIMD: Dialect = simdDialect(
  (a) => `v128.shuffle<u16>(${a}, ${a}, 1, 0, 3, 2, 5, 4, 7, 6)`,
  (a) => `i8x16.swizzle(${a}, rotate8)`,
);
const RELAXED: Dialect = simdDialect(
  (a) => `i8x16.relaxed_swizzle(${a}, rotate16)`,
  (a) => `i8x16.relaxed_swizzle(${a}, rotate8)`,
);

/** The block of one candidate: salt (words 0 to 3, the low half of the nonce varies), digest, zeros. */
function candidates(emitter: RoundEmitter, nonces: readonly Word[]): Compression[] {
  const salt = ['word0', 'word1', undefined, 'word3'].map((name) => (name === undefined ? undefined : emitter.uniform(name)));
  const digest = Array.from({ length: 8 }, (_, index) => emitter.uniform(`load<u32>(WORK_DIGEST, ${4 * index})`));
  const iv = IV.map((value) => emitter.uniform(String(value)));
  // Counter 0, 48 bytes, flags CHUNK_START | CHUNK_END | ROOT.
  const tail = [ZERO, ZERO, emitter.uniform('48'), emitter.uniform('11')];
  return nonces.map((nonce) => ({
    message: [...salt.map((word) => word ?? nonce), ...digest, ZERO, ZERO, ZERO, ZERO],
    state: [...iv, ...iv.slice(0, 4), ...tail],
  }));
}

const SIGNATURE = `
/**
 * First candidate, counted from the nonce in the arguments, whose work has no bit of \`mask\` set in
 * its first word; \`count\` if there is none. \`word2\` must not overflow within \`count\`.
 */
export function search(word0: u32, word1: u32, word2: u32, word3: u32, count: u32, mask: u32): u32 {`;

function scalarSource(): string {
  const emitter = new RoundEmitter(SCALAR, (name) => name);
  const [candidate] = candidates(emitter, [{ kind: 'varying', name: 'nonce' }]) as [Compression];
  emitter.rounds([candidate]);
  const first = emitter.operand(emitter.xor(candidate.state[0]!, candidate.state[8]!));
  return [
    `import { WORK_DIGEST } from './layout';`,
    SIGNATURE,
    ...emitter.prologue,
    'for (let done: u32 = 0; done < count; done++) {',
    'const nonce = word2 + done;',
    ...emitter.body,
    `if ((${first} & mask) == 0) return done;`,
    '}',
    'return count;',
    '}',
  ].join('\n');
}

function laneSource(dialect: Dialect): string {
  const slots = new Map<string, string>();
  const emitter = new RoundEmitter(dialect, (name) => {
    const slot = slots.get(name) ?? `SPLATS + ${16 * slots.size}`;
    slots.set(name, slot);
    if (slots.size > SPLAT_SLOTS) throw new Error(`The search needs more than ${SPLAT_SLOTS} constants: enlarge SPLATS in assembly/layout.ts.`);
    return `v128.load(${slot})`;
  });
  const nonces = Array.from({ length: BLOCKS }, (_, block): Word => ({ kind: 'varying', name: `nonce${block}` }));
  const compressions = candidates(emitter, nonces);
  emitter.rounds(compressions);
  const hits = compressions.map(({ state }) => {
    const first = emitter.operand(emitter.xor(state[0]!, state[8]!));
    return emitter.operand(emitter.varying(`i32x4.eq(v128.and(${first}, masks), none)`));
  });
  return [
    `import { ROTATIONS, SPLATS, WORK_DIGEST } from './layout';`,
    SIGNATURE,
    'v128.store(ROTATIONS, i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));',
    'v128.store(ROTATIONS + 16, i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));',
    'const rotate16 = v128.load(ROTATIONS), rotate8 = v128.load(ROTATIONS + 16);',
    ...emitter.prologue,
    ...Array.from(slots, ([name, slot]) => `v128.store(${slot}, i32x4.splat(${name}));`),
    'const none = i32x4.splat(0), masks = i32x4.splat(mask);',
    `const step = i32x4.splat(${LANES * BLOCKS});`,
    ...nonces.map((_, block) => `let nonce${block} = i32x4.add(i32x4.splat(word2), i32x4(${[0, 1, 2, 3].map((lane) => block * LANES + lane).join(', ')}));`),
    `for (let done: u32 = 0; done < count; done += ${LANES * BLOCKS}) {`,
    ...emitter.body,
    `if (v128.any_true(${hits.reduce((a, b) => `v128.or(${a}, ${b})`)})) {`,
    ...hits.map((hit, block) => `{ const lanes = i32x4.bitmask(${hit}); if (lanes) return done + ${block * LANES} + ctz(lanes); }`),
    '}',
    ...nonces.map((_, block) => `nonce${block} = i32x4.add(nonce${block}, step);`),
    '}',
    'return count;',
    '}',
  ].join('\n');
}

/** AssemblyScript of one search; the SIMD ones take `count` and the low nonce word in multiples of 8. */
export function searchSource(variant: SearchVariant): string {
  if (variant === 'scalar') return scalarSource();
  return laneSource(variant === 'simd' ? SIMD : RELAXED);
}
