// Thirty simulated days: `pnpm --filter @p2p/bootstrap-cache sim [seeds] [chart.svg]`. Seeds `tune-…` chose the constants; these do not occur here.
import { writeFileSync } from 'node:fs';
import { drawChart } from './chart.ts';
import { type ContestantKind, INFORMED, INFORMED_EXPLORER, ORACLE, ours, REFERENCE, REPAIRED_REFERENCE } from './contestant.ts';
import { playSeeds } from './play.ts';
import { interval, ratioInterval } from './statistics.ts';
import type { WorldOptions } from './world.ts';

const CONTESTANTS: readonly ContestantKind[] = [
  ours('epsilon-greedy', { strategy: 'epsilon-greedy' }),
  ours('best-first', { strategy: 'best-first' }),
  ours('thompson', { strategy: 'thompson' }),
  ours('random', { strategy: 'random' }),
  ours('epsilon-greedy, ant-quic score', { strategy: 'epsilon-greedy', scoring: 'ant-quic' }),
  REFERENCE,
  REPAIRED_REFERENCE,
  ORACLE,
];
/** They know the rates of the exponential world without a flood, so they play only there. */
const BOUNDS: readonly ContestantKind[] = [INFORMED, INFORMED_EXPLORER];
const BASELINES: readonly string[] = [REFERENCE.name, REPAIRED_REFERENCE.name, 'epsilon-greedy, ant-quic score'];

const SCENARIOS: readonly { readonly name: string; readonly world: WorldOptions }[] = [
  { name: 'Exponential churn, five days away', world: { churn: 'exponential', awayDays: 5, flood: false } },
  { name: 'The same with a Sybil flood', world: { churn: 'exponential', awayDays: 5, flood: true } },
  { name: 'Heavy-tailed churn, ten days away', world: { churn: 'heavy-tailed', awayDays: 10, flood: false } },
  { name: 'The same with a Sybil flood', world: { churn: 'heavy-tailed', awayDays: 10, flood: true } },
];

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const prefix = process.env['SIM_SEEDS'] ?? 'held-out';
const seeds = Array.from({ length: Number(process.argv[2] ?? 20) }, (_, index) => `${prefix}-${index}`);
const only = process.env['SIM_ONLY'];
const chart: { scenario: string; bars: { name: string; mean: number; low: number; high: number }[] }[] = [];
print(`${seeds.length} seeds, ${seeds[0]} to ${seeds.at(-1)}; failed dials before 8 connections per start, mean over seeds ± 95 % (t)`);
for (const { name, world } of SCENARIOS) {
  const results = new Map<string, number[]>();
  const contestants = world.churn === 'exponential' && !world.flood ? [...CONTESTANTS, ...BOUNDS] : CONTESTANTS;
  for (const kind of contestants) if (only === undefined || only.split('|').includes(kind.name)) results.set(kind.name, await playSeeds(kind, seeds, world));
  const oracle = results.get('oracle');
  print(`\n${name}\n| strategy | failed dials | regret | of ${BASELINES.join(' | of ')} |\n|---|---|---|---|---|`);
  const bars: (typeof chart)[number]['bars'] = [];
  for (const [strategy, means] of results) {
    const { mean, halfWidth } = interval(means);
    bars.push({ name: strategy, mean, low: mean - halfWidth, high: mean + halfWidth });
    const regret = oracle === undefined ? '' : interval(means.map((value, index) => value - oracle[index]!)).mean.toFixed(2);
    const ratios = BASELINES.map((baseline) => {
      const base = results.get(baseline);
      if (base === undefined || baseline === strategy) return '';
      const { ratio, low, high } = ratioInterval(means, base);
      return `${ratio.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
    });
    print(`| ${strategy} | ${mean.toFixed(2)} ± ${halfWidth.toFixed(2)} | ${regret} | ${ratios.join(' | ')} |`);
  }
  chart.push({ scenario: name, bars });
}
const target = process.argv[3];
if (target !== undefined) writeFileSync(target, drawChart(chart, `${seeds.length} seeds, 95 % intervals`));
