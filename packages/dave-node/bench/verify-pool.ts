/**
 * Verification on threads against verification on the loop, and against the bare signature check of
 * sodium. Run with `node bench/verify-pool.ts` after `pnpm build` (some 25 s). Rounds take turns and ratios are
 * taken within a round, because the speed of a shared machine wanders.
 */
import { createDat, datDigest, generateKeyPair, verifyDatSync, type Dat, type Verdict } from '@p2p/dave-wire';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { VerifyPool } from '../src/io/verify-pool.ts';

const sodium = createRequire(import.meta.url)('sodium-native') as {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
};

const DATS = 2000;
const ROUNDS = 11;
/** Dats that wait for a verdict at a time, as while a TCP connection is read. */
const WINDOW = 1024;
const RULES = { now: (): number => Date.now(), minWork: 8, skewMs: 0 };
const at = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;

const { privateKey } = generateKeyPair();
const dats: Dat[] = [];
for (let n = 0; n < DATS; n++) dats.push(await createDat({ privateKey, key: `key-${n}`, value: new Uint8Array(200).fill(n) }));
const digests = dats.map((dat) => datDigest(dat));

function perSecond(fromMs: number): number {
  return (DATS * 1000) / (performance.now() - fromMs);
}

function bare(): number {
  const from = performance.now();
  for (const [n, dat] of dats.entries()) {
    if (!sodium.crypto_sign_verify_detached(dat.signature, digests[n]!, dat.publicKey)) throw new Error('A valid signature was refused.');
  }
  return perSecond(from);
}

function inline(): number {
  const from = performance.now();
  for (const dat of dats) if (!verifyDatSync(dat, { now: Date.now() }).valid) throw new Error('A valid dat was refused.');
  return perSecond(from);
}

/** Keeps the window full until all are judged. */
async function pooled(pool: VerifyPool): Promise<number> {
  const from = performance.now();
  await new Promise<void>((resolve, reject) => {
    let next = 0;
    let judged = 0;
    const feed = (): void => {
      while (next < DATS && pool.pending < WINDOW) {
        pool.verify(dats[next++]!).then(onVerdict, reject);
      }
    };
    const onVerdict = (verdict: Verdict): void => {
      if (!verdict.valid) reject(new Error('A valid dat was refused.'));
      judged += 1;
      if (judged === DATS) resolve();
      else if (pool.pending < WINDOW / 2) feed();
    };
    feed();
  });
  return perSecond(from);
}

/** One dat at a time, with pauses: what a lone read waits for its verdict. */
async function lone(pool: VerifyPool): Promise<number[]> {
  const waits: number[] = [];
  for (let n = 0; n < 1000; n++) {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    const from = performance.now();
    await pool.verify(dats[n]!);
    waits.push(performance.now() - from);
  }
  return waits;
}

const counts = [...new Set([1, 2, availableParallelism()])];
const pools = counts.map((threads) => new VerifyPool({ ...RULES, threads }));
const rates = new Map<string, number[]>();
const ratios = new Map<string, number[]>();
const note = (name: string, rate: number, baseline: number): void => {
  rates.set(name, [...(rates.get(name) ?? []), rate]);
  ratios.set(name, [...(ratios.get(name) ?? []), rate / baseline]);
};

for (const pool of pools) await pooled(pool);
inline();
const longest: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const baseline = bare();
  note('sodium alone', baseline, baseline);
  note('on the loop', inline(), baseline);
  // One for each round: a monitor that is switched on again counts the time it was off as a delay.
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  for (const [index, pool] of pools.entries()) note(`${counts[index]} thread${counts[index] === 1 ? '' : 's'}`, await pooled(pool), baseline);
  delays.disable();
  longest.push(delays.max / 1e6);
}
const waits = await lone(pools[0]!);
await Promise.all(pools.map((pool) => pool.close()));

console.log(`${DATS} dats of 200 bytes, ${ROUNDS} rounds, medians; node ${process.version}, ${availableParallelism()} cores`);
console.log('subject          dats/s   × sodium alone');
for (const [name, values] of rates) console.log(`${name.padEnd(14)} ${at(values, 0.5).toFixed(0).padStart(8)}   ${at(ratios.get(name)!, 0.5).toFixed(2)}`);
console.log(`longest turn of the loop while threads are fed, per round: median ${at(longest, 0.5).toFixed(1)} ms, worst ${at(longest, 1 - 1e-9).toFixed(1)} ms (the measurement resolves 1 ms)`);
console.log(`a lone dat: p50 ${at(waits, 0.5).toFixed(3)} ms, p99 ${at(waits, 0.99).toFixed(3)} ms`);
