import { generateKeyPair, peerIdOf, type KeyPair } from '@p2p/dave-wire';
import { Command } from 'commander';
import { idToHex } from '../../control/dat-json.ts';
import { parseForeignKey, readKeyFile, writeKeyFile } from '../../key/key-file.ts';
import { contextOf, type CommandContext, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';
import { readBounded } from '../read-bounded.ts';

/** No private key is longer than this in any form that is read. */
const MAX_FOREIGN_KEY_BYTES = 4096;

export function keyCommand(invocation: Invocation): Command {
  const key = new Command('key').description('create, show and import keys');
  key
    .command('new')
    .description('create a key file (mode 0600); never overwrites one')
    .action(async (_flags: unknown, command: Command) => {
      const context = contextOf(command, invocation);
      const { keyFile } = await context.config();
      const keyPair = generateKeyPair();
      await writeKeyFile(keyFile, keyPair);
      await show(context, keyFile, keyPair);
    });
  key
    .command('show')
    .description('show the public key and peer id; never the private key')
    .action(async (_flags: unknown, command: Command) => {
      const context = contextOf(command, invocation);
      const { keyFile } = await context.config();
      await show(context, keyFile, await readKeyFile(keyFile));
    });
  key
    .command('import')
    .argument('<file>', "64 bytes as the Go implementation writes them, a 32-byte seed, or either in hex; '-' for standard input")
    .description('copy a key into the key file; never overwrites one')
    .action(async (file: string, _flags: unknown, command: Command) => {
      const context = contextOf(command, invocation);
      const { keyFile } = await context.config();
      const keyPair = parseForeignKey(await readBounded(file, MAX_FOREIGN_KEY_BYTES, context.signal));
      await writeKeyFile(keyFile, keyPair);
      await show(context, keyFile, keyPair);
    });
  return key;
}

async function show(context: CommandContext, keyFile: string, { publicKey }: KeyPair): Promise<void> {
  const shown = { keyFile, publicKey: Buffer.from(publicKey).toString('hex'), id: idToHex(peerIdOf(publicKey)) };
  if (context.output.json) return context.output.data(`${toJson(shown)}\n`);
  await context.output.data(`public key  ${shown.publicKey}\npeer id     ${shown.id}\nkey file    ${shown.keyFile}\n`);
}
