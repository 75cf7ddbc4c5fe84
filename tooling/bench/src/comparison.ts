import { figure, median } from './statistics.ts';

/** What one alternation of a pair measured; the higher the better. */
export interface Round {
  ours: number;
  baseline: number;
}

export interface Row {
  what: string;
  unit: string;
  baselineName: string;
  rounds: readonly Round[];
  /** The ratio to reach, where there is one. */
  target?: number;
  /** For times and sizes: less is better, the ratio is baseline / ours. */
  lessIsBetter?: boolean;
}

/** Prints medians and the median of the ratios round by round, which holds when the machine's speed drifts. */
export function printRows(rows: readonly Row[]): void {
  console.log('| what | ours | baseline | ratio (median, min–max) | target | rounds |\n|---|---|---|---|---|---|');
  for (const { what, unit, baselineName, rounds, target, lessIsBetter } of rows) {
    const ratios = rounds.map(({ ours, baseline }) => (lessIsBetter === true ? baseline / ours : ours / baseline));
    const ours = median(rounds.map((round) => round.ours));
    const baseline = median(rounds.map((round) => round.baseline));
    console.log(
      `| ${what} | ${figure(ours)} ${unit} | ${figure(baseline)} ${unit} (${baselineName}) | ${median(ratios).toFixed(2)} × (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}) | ${target === undefined ? '–' : `${target} ×`} | ${rounds.length} |`,
    );
  }
}

/** Ours and the baseline in turn, changing who goes first, so that neither profits from a warm or a noisy moment. */
export async function alternate(rounds: number, ours: () => Promise<number>, baseline: () => Promise<number>): Promise<Round[]> {
  const results: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const own = await ours();
      results.push({ ours: own, baseline: await baseline() });
    } else {
      const other = await baseline();
      results.push({ ours: await ours(), baseline: other });
    }
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return results;
}
