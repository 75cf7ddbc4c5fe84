// Thirty simulated days: `pnpm --filter @p2p/bootstrap-cache sim [seeds] [chart.svg]`. Seeds `tune-…` chose the constants; these do not occur here.
import { writeFileSync } from 'node:fs';
import { drawChart } from './chart.ts';
import { type ContestantKind, ORACLE, ours, REFERENCE } from './contestant.ts';
import { playSeeds } from './play.ts';
import { interval, ratioInterval } from './statistics.ts';

const CONTESTANTS: readonly ContestantKind[] = [
  ours('epsilon-greedy', { strategy: 'epsilon-greedy' }),
  ours('best-first', { strategy: 'best-first' }),
  ours('thompson', { strategy: 'thompson' }),
  ours('random', { strategy: 'random' }),
  ours('epsilon-greedy, ant-quic score', { strategy: 'epsilon-greedy', scoring: 'ant-quic' }),
  REFERENCE,
  ORACLE,
];
const BASELINES = ['epsilon-greedy, ant-quic score', 'ant-quic, whole cache'];

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const prefix = process.env['SIM_SEEDS'] ?? 'held-out';
const seeds = Array.from({ length: Number(process.argv[2] ?? 20) }, (_, index) => `${prefix}-${index}`);
const only = process.env['SIM_ONLY'];
const scenarios = [
  { name: 'churn, flapping, NAT, clock steps', flood: false },
  { name: 'the same with a Sybil flood', flood: true },
];
const chart: { scenario: string; bars: { name: string; mean: number; low: number; high: number }[] }[] = [];
print(`${seeds.length} seeds, ${seeds[0]} to ${seeds.at(-1)}; failed dials before 8 connections per start, mean over seeds ± 95 % (t)`);
for (const { name, flood } of scenarios) {
  const results = new Map<string, number[]>();
  for (const kind of CONTESTANTS) if (only === undefined || only.split('|').includes(kind.name)) results.set(kind.name, await playSeeds(kind, seeds, flood));
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
