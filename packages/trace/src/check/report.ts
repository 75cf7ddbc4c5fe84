import type { CheckResult } from './check-program.ts';
import type { TraceSite } from './trace-sites.ts';

const lineOf = ({ file, line, column, advice, code }: TraceSite): string => `${file}:${line}:${column}  ${code}\n    ${advice}`;

/** The result for a person: sites first, then what each bundler made of it. */
export function renderResult(result: CheckResult): string {
  const lines = result.sites.map(lineOf);
  for (const { bundler, version, bytes, strippedBytes, identical } of result.comparisons) {
    const difference = bytes - strippedBytes;
    const verdict = difference === 0 ? (identical ? 'identical' : 'same size') : `${difference > 0 ? '+' : ''}${difference} bytes`;
    lines.push(`${`${bundler} ${version}`.padEnd(18)} ${String(bytes).padStart(9)} bytes, without its trace statements ${String(strippedBytes).padStart(9)}: ${verdict}`);
  }
  lines.push(...result.leftovers.map(lineOf));
  if (result.missing.length > 0) lines.push(`not compared, not installed: ${result.missing.join(', ')}`);
  const found = `${result.files} files, ${result.removed} pieces of tracing`;
  lines.push(result.zeroCost ? `zero cost: ${found}, nothing of it in the bundles` : `not zero cost: ${found}, ${result.sites.length} not guarded`);
  return `${lines.join('\n')}\n`;
}
