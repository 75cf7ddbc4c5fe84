// Prints the table of the README: the share of honest providers that survive 10 000 Sybils, by policy and attack.
import { parseArgs } from 'node:util';
import { ATTACKS, HONEST, survivors, SYBILS } from './attack.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '20' } } });
const seeds = Number(values.seeds);
const policies = ['incumbents', 'random', 'closest', 'diverse'] as const;

print(`${HONEST} honest providers of a key that takes 20, ${SYBILS} Sybils, mean of ${seeds} seeds ± 95 %\n`);
print(`| attack | ${policies.join(' | ')} |\n|---|${'---|'.repeat(policies.length)}`);
const means = new Map<string, number[]>(policies.map((policy) => [policy, []]));
for (const attack of ATTACKS) {
  const cells: string[] = [];
  for (const policy of policies) {
    const shares: number[] = [];
    for (let seed = 0; seed < seeds; seed++) shares.push(await survivors(policy, attack, String(seed)));
    const mean = shares.reduce((sum, share) => sum + share, 0) / seeds;
    const spread = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, seeds - 1));
    means.get(policy)!.push(mean);
    cells.push(`${percent(mean)} ± ${percent((1.96 * spread) / Math.sqrt(seeds))}`);
  }
  print(`| ${attack.name}: ${attack.what} | ${cells.join(' | ')} |`);
}
const summary = (of: (shares: readonly number[]) => number): string => policies.map((policy) => percent(of(means.get(policy)!))).join(' | ');
print(`| **mean** | ${summary((shares) => shares.reduce((sum, share) => sum + share, 0) / shares.length)} |`);
print(`| **worst** | ${summary((shares) => Math.min(...shares))} |`);

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
