// How fast many small dats are signed and proven: on the event loop, and by threads.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { createDat, generateKeyPair } from '@p2p/dave-wire';
import { Prover } from '../src/publish/io/prover.ts';

const { privateKey } = generateKeyPair();
const time = Date.now() - 2000;

function drafts(count: number): { key: string; value: Uint8Array }[] {
  return Array.from({ length: count }, (_, index) => ({ key: `t1/${String(index).padStart(43, '0')}`, value: new Uint8Array(randomBytes(1165)) }));
}

async function inline(difficulty: number, count: number): Promise<number> {
  const all = drafts(count);
  const startedMs = performance.now();
  for (const draft of all) await createDat({ privateKey, difficulty, time, ...draft }, { threads: 1 });
  return (performance.now() - startedMs) / count;
}

async function threaded(difficulty: number, count: number, threads: number): Promise<number> {
  const all = drafts(count);
  await using prover = new Prover({ privateKey, difficulty, time, threads }, new AbortController().signal);
  await Promise.all(Array.from({ length: threads }, () => prover.prove(drafts(1))));
  const batches = Array.from({ length: Math.ceil(count / prover.batchSize) }, (_, index) => all.slice(index * prover.batchSize, (index + 1) * prover.batchSize));
  const startedMs = performance.now();
  const runner = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await prover.prove(batch);
  };
  await Promise.all(Array.from({ length: prover.depth }, runner));
  return (performance.now() - startedMs) / count;
}

const cores = availableParallelism();
console.log(`bits  dats     loop µs/dat   1 thread   ${cores} threads   ratio to loop`);
for (const [difficulty, count] of [[8, 20_000], [12, 5000], [16, 1000], [20, 60]] as const) {
  await inline(difficulty, Math.ceil(count / 10));
  const base = await inline(difficulty, count);
  const one = await threaded(difficulty, count, 1);
  const many = await threaded(difficulty, count, cores);
  const micro = (ms: number): string => (ms * 1000).toFixed(0).padStart(9);
  console.log(`${String(difficulty).padStart(4)}  ${String(count).padStart(6)}  ${micro(base)}      ${micro(one)}  ${micro(many)}     ${(base / many).toFixed(2)} ×`);
}
