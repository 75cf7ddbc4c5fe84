import { basename, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { openClient } from '../../client/open-client.ts';
import { formatByteSize } from '../../config/byte-size.ts';
import { readOrCreateKeyFile } from '../../key/key-file.ts';
import { assertTreeName } from '../../publish/core/names.ts';
import { publishTree, type PublishProgress } from '../../publish/io/publish-tree.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';
import { progressBar } from '../progress-bar.ts';
import { duration, wholeNumber } from '../values.ts';

interface PublishFlags {
  name?: string;
  difficulty: number;
  minAcks: number;
  timeout: number;
  all?: boolean;
  probe?: boolean;
}

export function publishCommand(invocation: Invocation): Command {
  return new Command('publish')
    .description('publish a directory under your key; what has not changed since last time is not sent again')
    .argument('<dir>', 'files, directories, symbolic links; nothing in it is followed')
    .option('--name <name>', "what the tree is called (default: the directory's name)")
    .option('-d, --difficulty <bits>', 'leading zero bits of work for each block', wholeNumber(8, 64), 8)
    .option('--min-acks <n>', 'replicas that must confirm each block', wholeNumber(0, 5), 1)
    .option('--probe', 'ask the network for every block instead of trusting what is remembered of earlier runs')
    .option('--all', 'send every block')
    .addOption(new Option('--timeout <time>', 'how long to wait for peers and for each answer').argParser(duration).default(10_000, '10s'))
    .action(async (directory: string, flags: PublishFlags, command: Command) => {
      const { output, signal, config: load } = contextOf(command, invocation);
      const config = await load();
      const name = treeName(flags.name ?? basename(resolve(directory)));
      const { keyPair, created } = await readOrCreateKeyFile(config.keyFile);
      if (created) output.note(`created the key file ${config.keyFile}`);
      await using client = await openClient(config, { timeoutMs: flags.timeout, signal });
      const bar = progressBar(output);
      const onProgress: PublishProgress = (step, done, total) => {
        if (step === 'read') bar({ label: 'reading', done, total, unit: 'bytes' });
        else bar({ label: step === 'send' ? 'sending' : 'comparing with the network', done, total, unit: 'blocks' });
      };
      const startedMs = performance.now();
      const published = await publishTree(client, {
        directory,
        name,
        keyPair,
        dataDir: config.dataDir,
        keyFile: config.keyFile,
        difficulty: flags.difficulty,
        minAcks: flags.minAcks,
        timeoutMs: flags.timeout,
        send: flags.all === true ? 'all' : flags.probe === true ? 'probe' : 'changed',
        signal,
        note: (line) => output.note(line),
        onProgress,
      }).finally(() => output.progress(''));
      const elapsedMs = Math.round(performance.now() - startedMs);
      const publicKey = Buffer.from(keyPair.publicKey).toString('hex');
      if (output.json) return output.data(`${toJson({ publicKey, name, ...published, elapsedMs })}\n`);
      const { entries, contentBytes, blocks, sent } = published;
      output.note(`${entries} entries with ${formatByteSize(contentBytes)} in ${blocks} blocks, ${sent} of them sent, in ${(elapsedMs / 1000).toFixed(1)} s`);
      await output.data(`${publicKey}/${name}\n`);
    });
}

/** @throws AppError APP_USAGE */
export function treeName(name: string): string {
  try {
    assertTreeName(name);
    return name;
  } catch (error) {
    throw new AppError('APP_USAGE', `${(error as Error).message}; choose another with --name`, { cause: error });
  }
}
