/**
 * Speed of the work search and of the hashes. Run with `pnpm bench:work` (some 20 s).
 * Figures are medians of alternating runs, ratios are taken within a round: the speed of a shared
 * machine wanders by more than the differences that are looked for. What one thread does is counted
 * in processor time, in which other jobs do not show; more threads, in elapsed time, need the
 * machine for themselves.
 */
import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import { blake3, blake3Into, xxHash64, xxHash64Words } from '../src/hash.ts';
import { nodeWorkHost } from '../src/io/work-threads-node.ts';
import type { WorkThread } from '../src/work-host.ts';
import { setWorkHost } from '../src/work-host.ts';
import { searchLease } from '../src/work-search.ts';
import { solveWork } from '../src/work.ts';
import { searchOf, supportsSearch, type SearchVariant } from '../src/wasm/search-module.ts';

const ROUNDS = 11;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

type Clock = () => number;
const elapsedMs: Clock = () => performance.now();
const processorMs: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Runs all subjects in turn, `ROUNDS` times after two for warming up; milliseconds by subject. */
async function alternate(clock: Clock, subjects: Record<string, () => unknown>): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      const from = clock();
      await subject();
      if (round >= 0) times[name]!.push(clock() - from);
    }
  }
  return times;
}

function ratio(numerator: readonly number[], denominator: readonly number[]): string {
  return median(numerator.map((value, round) => value / denominator[round]!)).toFixed(2);
}

const digest = blake3(new Uint8Array(64).fill(1));
const CANDIDATES: Record<SearchVariant, number> = { scalar: 2 ** 20, simd: 2 ** 22, relaxed: 2 ** 22 };
const variants = (['scalar', 'simd', 'relaxed'] as const).filter(supportsSearch);

async function benchVariants(): Promise<void> {
  const subjects = variants.map((variant) => {
    const lease = { digest, difficulty: 256, start: 0n, count: CANDIDATES[variant] };
    return [variant, () => searchLease(lease, searchOf(variant))] as const;
  });
  const times = await alternate(processorMs, Object.fromEntries(subjects));
  const rates = Object.fromEntries(variants.map((variant) => [variant, times[variant]!.map((ms) => CANDIDATES[variant] / ms / 1000)]));
  console.log('Work search, one thread');
  console.table(
    variants.map((variant) => ({
      variant,
      'Mhash/s': median(rates[variant]!).toFixed(1),
      best: Math.max(...rates[variant]!).toFixed(1),
      '× scalar': ratio(rates[variant]!, rates['scalar']!),
    })),
  );
}

/** Keeps each thread supplied with leases as a search does, until all have done their share. */
async function occupy(threads: readonly WorkThread[], leases: number): Promise<void> {
  const count = 2 ** 18;
  const drive = async (thread: WorkThread): Promise<void> => {
    for (let index = 0; index < leases / thread.queueDepth; index++) await thread.run({ digest, difficulty: 256, start: 0n, count });
  };
  await Promise.all(threads.flatMap((thread) => Array.from({ length: thread.queueDepth }, () => drive(thread))));
}

async function benchThreads(): Promise<void> {
  const counts = [1, 2, 4, 8, 16].filter((count) => count <= nodeWorkHost.parallelism);
  const leases = 64;
  const times = await alternate(elapsedMs, Object.fromEntries(counts.map((count) => [`n${count}`, () => occupy(nodeWorkHost.threads(count), leases)])));
  const rates = counts.map((count) => times[`n${count}`]!.map((ms) => (count * leases * 2 ** 18) / ms / 1000));
  console.log('Work search, worker threads');
  console.table(
    counts.map((threads, index) => ({
      threads,
      'Mhash/s': median(rates[index]!).toFixed(1),
      'of linear': ratio(rates[index]!.map((rate) => rate / threads), rates[0]!),
    })),
  );
}

async function benchSolve(): Promise<void> {
  setWorkHost(nodeWorkHost);
  const signatures = Array.from({ length: 256 }, (_, index) => new Uint8Array(64).fill(index));
  const solveAll = (bits: number) => async () => {
    for (const signature of signatures) await solveWork(signature, bits);
  };
  const times = await alternate(processorMs, { 'solveWork, 8 bits': solveAll(8), 'solveWork, 12 bits': solveAll(12) });
  console.log('Whole solutions, the calling thread');
  console.table(Object.entries(times).map(([what, ms]) => ({ what, 'µs': ((median(ms) * 1000) / signatures.length).toFixed(1) })));
}

async function benchHashes(): Promise<void> {
  const repeat = (times: number, run: () => unknown) => () => {
    for (let index = 0; index < times; index++) run();
  };
  const target = new Uint8Array(32);
  const words = new Uint32Array(2);
  const rows = [];
  for (const length of [48, 1024]) {
    const input = new Uint8Array(length).fill(7);
    const [key, value] = [input.subarray(0, 16), input.subarray(16)];
    const calls = 10_000;
    const times = await alternate(processorMs, {
      '@noble/hashes blake3': repeat(calls, () => nobleBlake3(input)),
      blake3: repeat(calls, () => blake3(input)),
      'blake3 of two parts': repeat(calls, () => blake3(key, value)),
      'blake3Into of two parts': repeat(calls, () => blake3Into(target, 0, key, value)),
      'xxHash64 of two parts': repeat(calls, () => xxHash64(key, value)),
      'xxHash64Words of two parts': repeat(calls, () => xxHash64Words(words, key, value)),
    });
    for (const [what, ms] of Object.entries(times)) {
      rows.push({ bytes: length, what, ns: ((median(ms) * 1e6) / calls).toFixed(0), '× noble': what.startsWith('xx') ? '' : ratio(times['@noble/hashes blake3']!, ms) });
    }
  }
  console.log('Hashes');
  console.table(rows);
}

await benchVariants();
await benchThreads();
await benchSolve();
await benchHashes();
