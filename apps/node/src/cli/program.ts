import { Command, CommanderError, Option } from 'commander';
import { codeOf, exitCodeOf } from './app-error.ts';
import { demoCommand } from './commands/demo.ts';
import { getCommand } from './commands/get.ts';
import { keyCommand } from './commands/key.ts';
import { putCommand } from './commands/put.ts';
import { statusCommand } from './commands/status.ts';
import { upCommand } from './commands/up.ts';
import { versionCommand } from './commands/version.ts';
import { EXIT } from './exit-codes.ts';
import { toJson } from './output.ts';
import { collect } from './values.ts';

function withSharedOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON document on standard output')
    .option('-q, --quiet', 'no progress on standard error')
    .option('-c, --config <file>', 'YAML configuration')
    .option('--data-dir <dir>', 'where key and control socket are')
    .option('--key-file <file>', 'the key to use (default: key.dave in the data directory)')
    .option('-l, --listen <address>', 'UDP address; TCP listens on the next port (default: [::]:4127)')
    .option('-e, --edge <peer>', 'host:port of a peer to start from, may be repeated', collect)
    .option('--capacity <size>', 'bytes held for the network, for example 512MiB')
    .addOption(new Option('--log-level <level>', 'what goes to standard error').choices(['debug', 'info', 'warn', 'error', 'silent']));
}

/** The whole command line. Every command takes the shared options before or after its name. */
export function createProgram(signal: AbortSignal): Command {
  const program = new Command('dave').description('a node of the Dave peer-to-peer key-value network').exitOverride().showHelpAfterError('(dave --help lists the commands)');
  for (const command of [demoCommand(signal), upCommand(signal), putCommand(signal), getCommand(signal), keyCommand(signal), statusCommand(signal), versionCommand(signal)]) {
    for (const leaf of command.commands.length > 0 ? command.commands : [command]) withSharedOptions(leaf);
    command.copyInheritedSettings(program);
    for (const leaf of command.commands) leaf.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}

/** Runs one command line. Never throws; the result is the exit code. */
export async function runProgram(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const json = argv.includes('--json');
  try {
    await createProgram(signal).parseAsync(argv, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version requests end with 0; commander has already printed what was wrong otherwise.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    if (signal.aborted && (error === signal.reason || codeOf(error) === 'APP_INTERRUPTED')) return EXIT.interrupted;
    const code = codeOf(error) ?? 'INTERNAL';
    if (json) process.stdout.write(`${toJson({ error: { code, message: (error as Error).message } })}\n`);
    else process.stderr.write(`dave: ${(error as Error).message}\n`);
    if (code === 'INTERNAL') process.stderr.write(`${(error as Error).stack}\n`);
    return exitCodeOf(error);
  }
}
