/** Runs `count` operations; gives something that depends on all of them, so that none is optimised away. */
export type Batch = (count: number) => number;

export interface Timing {
  /** Nanoseconds per operation: the median over all batches, and the tenth part that was disturbed least. */
  readonly medianNs: number;
  readonly quietNs: number;
}

const OPERATIONS = 10_000;
const WARM_UP = 60;

let sink = 0;

function timingOf(samples: readonly number[]): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  return { medianNs: sorted[Math.floor(sorted.length / 2)]!, quietNs: sorted[Math.floor(sorted.length / 10)]! };
}

function timed(batch: Batch, operations: number): number {
  const start = process.hrtime.bigint();
  sink += batch(operations);
  return Number(process.hrtime.bigint() - start) / operations;
}

/** Times batches in turn, so that all of them meet the same disturbances. */
export function timeInTurn(batches: readonly Batch[], rounds: number, operations: number = OPERATIONS): Timing[] {
  for (let round = 0; round < WARM_UP; round += 1) for (const batch of batches) sink += batch(operations);
  const samples: number[][] = batches.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, batch] of batches.entries()) samples[index]!.push(timed(batch, operations));
  }
  if (Number.isNaN(sink)) throw new Error('A batch gave no number.');
  return samples.map(timingOf);
}
