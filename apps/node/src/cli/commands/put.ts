import { readFile, stat } from 'node:fs/promises';
import type { PutResult } from '@p2p/dave-node';
import { createDat, MAX_KEY_AND_VALUE_BYTES, type Dat } from '@p2p/dave-wire';
import { Command } from 'commander';
import { askDaemon } from '../../control/client.ts';
import { datToJson, idToHex } from '../../control/dat-json.ts';
import { controlSocketPath } from '../../control/server.ts';
import { readOrCreateKeyFile } from '../../key/key-file.ts';
import { AppError } from '../app-error.ts';
import { contextOf } from '../context.ts';
import { toJson } from '../output.ts';
import { readStdin } from '../stdin.ts';
import { duration, wholeNumber } from '../values.ts';
import { openShortLived } from '../short-lived.ts';

interface PutFlags {
  difficulty: number;
  minAcks: number;
  timeout: number;
}

/** What both the daemon and the short-lived node report. */
interface Placed {
  acks: number;
  replicas: { id: string; outcome: string }[];
}

export function putCommand(signal: AbortSignal): Command {
  return new Command('put')
    .description('sign, prove and store a value under a key of yours')
    .argument('<key>', 'at most 255 bytes')
    .argument('[value]', "the value, '@file', or '-' for standard input (default)")
    .option('-d, --difficulty <bits>', 'leading zero bits of work', wholeNumber(8, 64), 8)
    .option('--min-acks <n>', 'replicas that must confirm', wholeNumber(0, 5), 1)
    .option('--timeout <time>', 'how long to wait for them', duration, 10_000)
    .action(async (key: string, value: string | undefined, flags: PutFlags, command: Command) => {
      const { output, config: load } = contextOf(command, signal);
      const config = await load();
      const bytes = await readValue(value, signal);
      const { keyPair, created } = await readOrCreateKeyFile(config.keyFile);
      if (created) output.note(`created the key file ${config.keyFile}`);
      const dat = await createDat({ privateKey: keyPair.privateKey, key, value: bytes, difficulty: flags.difficulty }, { signal });
      const placed = await viaDaemon(config.dataDir, dat, flags, signal) ?? await viaOwnNode();
      const publicKey = Buffer.from(dat.publicKey).toString('hex');
      if (output.json) return output.data(`${toJson({ publicKey, key, time: dat.time, bytes: bytes.length, ...placed })}\n`);
      output.note(`stored by ${placed.acks} of ${placed.replicas.length} replicas`);
      await output.data(`${publicKey}/${key}\n`);

      async function viaOwnNode(): Promise<Placed> {
        await using node = await openShortLived(config, keyPair, flags.timeout, signal);
        return placedOf(await node.putDat(dat, { minAcks: flags.minAcks, timeoutMs: flags.timeout, signal }));
      }
    });
}

function placedOf(result: PutResult): Placed {
  return { acks: result.acks, replicas: result.replicas.map(({ id, outcome }) => ({ id: idToHex(id), outcome })) };
}

async function viaDaemon(dataDir: string, dat: Dat, flags: PutFlags, signal: AbortSignal): Promise<Placed | undefined> {
  const answer = await askDaemon(controlSocketPath(dataDir), {
    method: 'PUT',
    path: '/v1/dats',
    body: { dat: datToJson(dat), minAcks: flags.minAcks, timeoutMs: flags.timeout },
    signal,
  });
  return answer as Placed | undefined;
}

async function readValue(value: string | undefined, signal: AbortSignal): Promise<Uint8Array> {
  if (value === undefined || value === '-') return readStdin(MAX_KEY_AND_VALUE_BYTES, signal);
  if (!value.startsWith('@')) return new TextEncoder().encode(value);
  const file = value.slice(1);
  try {
    const { size } = await stat(file);
    if (size > MAX_KEY_AND_VALUE_BYTES) {
      throw new AppError('APP_USAGE', `${file} has ${size} bytes; key and value together have at most ${MAX_KEY_AND_VALUE_BYTES}`);
    }
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('APP_USAGE', `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
