import { readFile } from 'node:fs/promises';
import { TRACE } from '@p2p/trace';
import { Command } from 'commander';
import { contextOf, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';

/** The Go release whose bytes we speak. */
const PROTOCOL = 'godave v0.0.51';

/** The installed version of this package, from its own package.json. */
async function packageVersion(): Promise<string> {
  // From dist/main.js and dist/traced/main.js alike the first package.json upwards is ours.
  for (const up of ['../package.json', '../../package.json', '../../../package.json']) {
    const text = await readFile(new URL(up, import.meta.url), 'utf8').catch(() => undefined);
    const found = text === undefined ? undefined : (JSON.parse(text) as { name?: string; version?: string });
    if (found?.name === '@p2p/node' && found.version !== undefined) return found.version;
  }
  throw new Error('the package.json of @p2p/node is missing: reinstall it');
}

export function versionCommand(invocation: Invocation): Command {
  return new Command('version').description('versions of this program, its protocol and its runtime').action(async (_flags: unknown, command: Command) => {
    const { output } = contextOf(command, invocation);
    const shown = { version: await packageVersion(), protocol: PROTOCOL, traced: TRACE, node: process.version, platform: `${process.platform}-${process.arch}` };
    if (output.json) return output.data(`${toJson(shown)}\n`);
    await output.data(`dave ${shown.version} (${shown.protocol}), Node ${shown.node}, ${shown.platform}${shown.traced ? ', traced build' : ''}\n`);
  });
}
