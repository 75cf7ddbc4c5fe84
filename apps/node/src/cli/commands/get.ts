import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { openClient } from '../../client/open-client.ts';
import { readKeyFile } from '../../key/key-file.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type Invocation } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { keyBytes } from '../key-and-value.ts';
import { toJson } from '../output.ts';
import { duration } from '../values.ts';

interface GetFlags {
  latest?: boolean;
  timeout: number;
  output?: string;
  trace?: boolean;
}

export function getCommand(invocation: Invocation): Command {
  return new Command('get')
    .description('read the value of a key')
    .argument('<key>', "a key of yours, or '<public key>/<key>' of anybody")
    .option('--latest', 'ask all replicas and take the newest, instead of the first')
    .addOption(new Option('--timeout <time>', 'how long to wait').argParser(duration).default(5_000, '5s'))
    .option('-o, --output <file>', 'write the value there instead of standard output')
    .option('--trace', 'also show what the read did, on standard error (traced builds)')
    .action(async (target: string, flags: GetFlags, command: Command) => {
      const { output, signal, config: load } = contextOf(command, invocation);
      const config = await load();
      const { publicKey, key } = await parseTarget(target, config.keyFile);
      await using client = await openClient(config, { timeoutMs: flags.timeout, signal, trace: flags.trace === true });
      const result = await client.get(publicKey, key, { mode: flags.latest === true ? 'latest' : 'first', timeoutMs: flags.timeout, signal, trace: flags.trace === true });
      const traced = result.trace === undefined ? {} : { trace: result.trace };
      if (result.trace !== undefined && !output.json) output.note([`trace ${result.trace.traceId}`, ...result.trace.lines].join('\n'));
      if (!result.found) {
        // Silence is no answer: nobody has said that there is no such key.
        invocation.exitCode = result.answered === 0 ? EXIT.noPeers : EXIT.notFound;
        if (output.json) return output.data(`${toJson({ found: false, asked: result.asked, answered: result.answered, ...traced })}\n`);
        return output.note(result.answered === 0 ? `none of ${result.asked} peers answered within ${flags.timeout} ms` : `not found: ${result.answered} of ${result.asked} peers answered`);
      }
      const { dat } = result;
      if (flags.output !== undefined) await writeValue(flags.output, dat.value);
      if (output.json) {
        const value = Buffer.from(dat.value).toString('base64');
        return output.data(`${toJson({ found: true, publicKey: dat.publicKey, key: dat.key, time: dat.time, value, replicas: result.replicas, source: result.source, ...traced })}\n`);
      }
      if (flags.output === undefined) await output.data(dat.value);
    });
}

async function parseTarget(target: string, keyFile: string): Promise<{ publicKey: Uint8Array; key: string }> {
  const [, hex, foreignKey] = /^([0-9a-fA-F]{64})\/(.*)$/s.exec(target) ?? [];
  const key = foreignKey ?? target;
  keyBytes(key);
  return { publicKey: hex === undefined ? (await readKeyFile(keyFile)).publicKey : new Uint8Array(Buffer.from(hex, 'hex')), key };
}

async function writeValue(file: string, value: Uint8Array): Promise<void> {
  try {
    await writeFile(file, value);
  } catch (error) {
    throw new AppError('APP_OUTPUT_FAILED', `cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}
