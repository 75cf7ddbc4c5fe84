import type { WorkProgress } from '@p2p/dave-wire';
import type { Output } from './output.ts';

/** Less work than this is over before anybody could read about it. */
const SHOWN_FROM_BITS = 20;
const REFRESH_MS = 100;
const SUFFIXES = ['', ' k', ' M', ' G', ' T', ' P', ' E'];

/** 16777216 as `16.8 M`. */
function rounded(amount: number): string {
  let value = amount;
  let step = 0;
  while (value >= 1000 && step < SUFFIXES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${step === 0 ? Math.round(value) : value.toFixed(1)}${SUFFIXES[step]}`;
}

/** How a search stands. There is no "left": whatever was tried, on average 2^bits are still to come. */
export function describeWork(difficulty: number, hashes: number, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? `, ${rounded((hashes / elapsedMs) * 1000)}hash/s` : '';
  return `${difficulty} bits of work: ${rounded(hashes)} hashes tried, ${rounded(2 ** difficulty)} needed on average${rate}`;
}

/** Shows a search on the terminal while it lasts; elsewhere one line says that it began. */
export async function withWorkProgress<T>(output: Output, difficulty: number, search: (onProgress: (progress: WorkProgress) => void) => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  let shownMs = Number.NEGATIVE_INFINITY;
  if (difficulty >= SHOWN_FROM_BITS && !output.interactive) output.note(`${difficulty} bits of work: ${rounded(2 ** difficulty)} hashes needed on average`);
  try {
    return await search(({ hashes }) => {
      const nowMs = performance.now();
      if (difficulty < SHOWN_FROM_BITS || nowMs - shownMs < REFRESH_MS) return;
      shownMs = nowMs;
      output.progress(describeWork(difficulty, hashes, nowMs - startedMs));
    });
  } finally {
    output.progress('');
  }
}
