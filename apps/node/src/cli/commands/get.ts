import { writeFile } from 'node:fs/promises';
import type { GetResult } from '@p2p/dave-node';
import type { Dat } from '@p2p/dave-wire';
import { Command } from 'commander';
import type { z } from 'zod';
import type { Config } from '../../config/schema.ts';
import { askDaemon } from '../../control/client.ts';
import { datSchema, idToHex } from '../../control/dat-json.ts';
import { controlSocketPath } from '../../control/server.ts';
import { readKeyFile, readOrCreateKeyFile } from '../../key/key-file.ts';
import { AppError } from '../app-error.ts';
import { contextOf } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toJson } from '../output.ts';
import { openShortLived } from '../short-lived.ts';
import { duration } from '../values.ts';

interface GetFlags {
  latest?: boolean;
  timeout: number;
  output?: string;
}

type Found = { found: true; dat: Dat; replicas: string[]; source: string } | { found: false; asked: number; answered: number };

export function getCommand(signal: AbortSignal): Command {
  return new Command('get')
    .description('read the value of a key')
    .argument('<key>', "a key of yours, or '<public key>/<key>' of anybody")
    .option('--latest', 'ask all replicas and take the newest, instead of the first')
    .option('--timeout <time>', 'how long to wait', duration, 5_000)
    .option('-o, --output <file>', 'write the value there instead of standard output')
    .action(async (target: string, flags: GetFlags, command: Command) => {
      const { output, config: load } = contextOf(command, signal);
      const config = await load();
      const { publicKey, key } = await parseTarget(target, config.keyFile);
      const result = (await viaDaemon(config, publicKey, key, flags, signal)) ?? (await viaOwnNode(config, publicKey, key, flags, signal));
      if (!result.found) {
        process.exitCode = EXIT.notFound;
        if (output.json) return output.data(`${toJson(result)}\n`);
        return output.note(`not found: ${result.answered} of ${result.asked} peers answered`);
      }
      const { dat } = result;
      if (flags.output !== undefined) await writeFile(flags.output, dat.value);
      if (output.json) {
        return output.data(
          `${toJson({ found: true, publicKey: dat.publicKey, key: dat.key, time: dat.time, value: Buffer.from(dat.value).toString('base64'), replicas: result.replicas, source: result.source })}\n`,
        );
      }
      if (flags.output === undefined) await output.data(dat.value);
    });
}

async function parseTarget(target: string, keyFile: string): Promise<{ publicKey: Uint8Array; key: string }> {
  const match = /^([0-9a-fA-F]{64})\/(.*)$/s.exec(target);
  if (match !== null) return { publicKey: new Uint8Array(Buffer.from(match[1] ?? '', 'hex')), key: match[2] ?? '' };
  return { publicKey: (await readKeyFile(keyFile)).publicKey, key: target };
}

async function viaDaemon(config: Config, publicKey: Uint8Array, key: string, flags: GetFlags, signal: AbortSignal): Promise<Found | undefined> {
  const query = `mode=${flags.latest === true ? 'latest' : 'first'}&timeoutMs=${flags.timeout}`;
  const answer = await askDaemon(controlSocketPath(config.dataDir), {
    method: 'GET',
    path: `/v1/dats/${Buffer.from(publicKey).toString('hex')}/${encodeURIComponent(key)}?${query}`,
    signal,
  });
  if (answer === undefined) return undefined;
  const result = answer as { found: true; dat: z.input<typeof datSchema>; replicas: string[]; source: string } | { found: false; asked: number; answered: number };
  return result.found ? { ...result, dat: datSchema.parse(result.dat) } : result;
}

async function viaOwnNode(config: Config & { keyFile: string }, publicKey: Uint8Array, key: string, flags: GetFlags, signal: AbortSignal): Promise<Found> {
  const { keyPair } = await readOrCreateKeyFile(config.keyFile);
  await using node = await openShortLived(config, keyPair, flags.timeout, signal);
  const result: GetResult = await node.get(publicKey, key, { mode: flags.latest === true ? 'latest' : 'first', timeoutMs: flags.timeout, signal });
  if (!result.found) return result;
  return {
    found: true,
    dat: result.entry.dat,
    replicas: result.entry.replicas.map(idToHex),
    source: typeof result.source === 'bigint' ? idToHex(result.source) : result.source,
  };
}
