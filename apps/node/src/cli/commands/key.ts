import { readFile } from 'node:fs/promises';
import { generateKeyPair, peerIdOf, type KeyPair } from '@p2p/dave-wire';
import { Command } from 'commander';
import { idToHex } from '../../control/dat-json.ts';
import { parseForeignKey, readKeyFile, writeKeyFile } from '../../key/key-file.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type CommandContext } from '../context.ts';
import { toJson } from '../output.ts';
import { readStdin } from '../stdin.ts';

/** No private key is longer than this in any form that is read. */
const MAX_FOREIGN_KEY_BYTES = 4096;

export function keyCommand(signal: AbortSignal): Command {
  const key = new Command('key').description('create, show and import keys');
  key
    .command('new')
    .description('create a key file (mode 0600); never overwrites one')
    .action(async (_flags: unknown, command: Command) => {
      const context = contextOf(command, signal);
      const { keyFile } = await context.config();
      const keyPair = generateKeyPair();
      await writeKeyFile(keyFile, keyPair);
      await show(context, keyFile, keyPair);
    });
  key
    .command('show')
    .description('show the public key and peer id; never the private key')
    .action(async (_flags: unknown, command: Command) => {
      const context = contextOf(command, signal);
      const { keyFile } = await context.config();
      await show(context, keyFile, await readKeyFile(keyFile));
    });
  key
    .command('import')
    .argument('<file>', "64 bytes as the Go implementation writes them, a 32-byte seed, or either in hex; '-' for standard input")
    .description('copy a key into the key file; never overwrites one')
    .action(async (file: string, _flags: unknown, command: Command) => {
      const context = contextOf(command, signal);
      const { keyFile } = await context.config();
      const bytes = file === '-' ? await readStdin(MAX_FOREIGN_KEY_BYTES, signal) : await readForeign(file);
      const keyPair = parseForeignKey(bytes);
      await writeKeyFile(keyFile, keyPair);
      await show(context, keyFile, keyPair);
    });
  return key;
}

async function readForeign(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw new AppError('APP_KEY_INVALID', `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

async function show(context: CommandContext, keyFile: string, { publicKey }: KeyPair): Promise<void> {
  const shown = { keyFile, publicKey: Buffer.from(publicKey).toString('hex'), id: idToHex(peerIdOf(publicKey)) };
  if (context.output.json) return context.output.data(`${toJson(shown)}\n`);
  await context.output.data(`public key  ${shown.publicKey}\npeer id     ${shown.id}\nkey file    ${shown.keyFile}\n`);
}
