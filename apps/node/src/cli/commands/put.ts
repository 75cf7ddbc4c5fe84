import { createDat } from '@p2p/dave-wire';
import { Command, Option } from 'commander';
import { openClient } from '../../client/open-client.ts';
import { readOrCreateKeyFile } from '../../key/key-file.ts';
import { contextOf, type Invocation } from '../context.ts';
import { readValue } from '../key-and-value.ts';
import { toJson } from '../output.ts';
import { duration, wholeNumber } from '../values.ts';
import { withWorkProgress } from '../work-progress.ts';

interface PutFlags {
  difficulty: number;
  minAcks: number;
  timeout: number;
}

export function putCommand(invocation: Invocation): Command {
  return new Command('put')
    .description('sign, prove and store a value under a key of yours')
    .argument('<key>', 'at most 255 bytes')
    .argument('[value]', "the value, '@file', or '-' for standard input", '-')
    .option('-d, --difficulty <bits>', 'leading zero bits of work', wholeNumber(8, 64), 8)
    .option('--min-acks <n>', 'replicas that must confirm', wholeNumber(0, 5), 1)
    .addOption(new Option('--timeout <time>', 'how long to wait for them').argParser(duration).default(10_000, '10s'))
    .action(async (key: string, value: string, { difficulty, minAcks, timeout }: PutFlags, command: Command) => {
      const { output, signal, config: load } = contextOf(command, invocation);
      const config = await load();
      if (value === '-' && process.stdin.isTTY) output.note('reading the value from the terminal; end it with Ctrl-D');
      const bytes = await readValue(key, value, signal);
      // Somebody to take it comes before the key and the work.
      await using client = await openClient(config, { timeoutMs: timeout, signal });
      const { keyPair, created } = await readOrCreateKeyFile(config.keyFile);
      if (created) output.note(`created the key file ${config.keyFile}`);
      const dat = await withWorkProgress(output, difficulty, (onProgress) =>
        createDat({ privateKey: keyPair.privateKey, key, value: bytes, difficulty }, { signal, onProgress }),
      );
      const placed = await client.put(dat, { minAcks, timeoutMs: timeout, signal });
      const publicKey = Buffer.from(dat.publicKey).toString('hex');
      if (output.json) return output.data(`${toJson({ publicKey, key, time: dat.time, bytes: bytes.length, ...placed })}\n`);
      const alone = placed.replicas.length === 1 ? '; no other replica is known yet' : '';
      output.note(`stored by ${placed.acks} of ${placed.replicas.length} replicas${alone}`);
      await output.data(`${publicKey}/${key}\n`);
    });
}
