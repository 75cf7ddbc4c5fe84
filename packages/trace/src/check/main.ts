#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { BUNDLER_NAMES, type BundlerName } from './bundlers/bundler.ts';
import { checkProgram } from './check-program.ts';
import { CheckError } from './errors.ts';
import { renderResult } from './report.ts';

const USAGE = `usage: p2p-trace check <entry>... [options]

Proves that tracing costs nothing when it is off: bundles the sources with and without their trace
statements, compares, and names the statements that are not guarded.

  --platform <node|browser>   what the bundles are for (default: node)
  --bundlers <a,b>            of ${BUNDLER_NAMES.join(', ')} (default: all that are installed)
  --package <name>            a package that counts as the trace, may be repeated
  --json                      one JSON document

exit codes: 0 zero cost, 1 not, 2 the check could not be made
`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      platform: { type: 'string', default: 'node' },
      bundlers: { type: 'string' },
      package: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, ...entries] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command !== 'check') throw new CheckError('CHECK_USAGE', `${command === undefined ? 'a command is missing' : `there is no command ${command}`}\n\n${USAGE}`);
  if (values.platform !== 'node' && values.platform !== 'browser') throw new CheckError('CHECK_USAGE', `--platform is node or browser, not ${values.platform}`);
  const result = await checkProgram({
    entries,
    platform: values.platform,
    ...(values.bundlers === undefined ? {} : { bundlers: bundlersOf(values.bundlers) }),
    ...(values.package === undefined ? {} : { packages: values.package }),
  });
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : renderResult(result));
  return result.zeroCost ? 0 : 1;
}

function bundlersOf(list: string): BundlerName[] {
  return list.split(',').map((name) => {
    const known = BUNDLER_NAMES.find((bundler) => bundler === name.trim());
    if (known === undefined) throw new CheckError('CHECK_USAGE', `there is no bundler ${name}: there are ${BUNDLER_NAMES.join(', ')}`);
    return known;
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { message, code } = error as Error & { code?: string };
  const expected = error instanceof CheckError || code?.startsWith('ERR_PARSE_ARGS') === true;
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { code: code ?? 'INTERNAL', message } })}\n`);
  process.stderr.write(`p2p-trace: ${expected ? message : (error as Error).stack}\n`);
  process.exitCode = 2;
}
