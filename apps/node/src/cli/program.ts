import { Command, CommanderError } from 'commander';
import { codeOf, exitCodeOf } from './app-error.ts';
import { cacheCommand } from './commands/cache.ts';
import { demoCommand } from './commands/demo.ts';
import { fetchCommand } from './commands/fetch.ts';
import { getCommand } from './commands/get.ts';
import { keyCommand } from './commands/key.ts';
import { peersCommand } from './commands/peers.ts';
import { publishCommand } from './commands/publish.ts';
import { putCommand } from './commands/put.ts';
import { statusCommand } from './commands/status.ts';
import { storeCommand } from './commands/store.ts';
import { traceCommand } from './commands/trace.ts';
import { upCommand } from './commands/up.ts';
import { versionCommand } from './commands/version.ts';
import type { Invocation } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { toJson } from './output.ts';
import { collect, oneOf } from './values.ts';

const COMMANDS: readonly ((invocation: Invocation) => Command)[] = [
  demoCommand,
  upCommand,
  putCommand,
  getCommand,
  keyCommand,
  peersCommand,
  publishCommand,
  fetchCommand,
  cacheCommand,
  storeCommand,
  traceCommand,
  statusCommand,
  versionCommand,
];

/** The whole command line. What commander complains about goes to `complain`. */
function createProgram(invocation: Invocation, complain: (text: string) => void): Command {
  const program = new Command('dave')
    .description('a node of the Dave peer-to-peer key-value network')
    // Options of the program are recognised before and after a command's name.
    .option('--json', 'one JSON document on standard output')
    .option('-q, --quiet', 'no progress on standard error')
    .option('-c, --config <file>', 'YAML configuration')
    .option('--data-dir <dir>', 'where key and control socket are')
    .option('--key-file <file>', 'the key to use (default: key.dave in the data directory)')
    .option('-l, --listen <address>', 'UDP address; TCP listens on the next port (default: [::]:4127)')
    .option('-e, --edge <peer>', 'host:port of a peer to start from, may be repeated', collect)
    .option('--capacity <size>', 'bytes held for the network, for example 512MiB')
    .option('--log-level <level>', 'what goes to standard error: debug, info, warn, error or silent', oneOf(['debug', 'info', 'warn', 'error', 'silent']))
    .option('--traced', 'run the traced build: dave up records what it does, dave trace shows it')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: complain })
    .exitOverride()
    .showHelpAfterError('(dave --help lists the commands)');
  for (const create of COMMANDS) {
    const command = create(invocation).copyInheritedSettings(program);
    for (const leaf of command.commands) leaf.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}

/** Runs one command line. Never throws; the result is the exit code. */
export async function runProgram(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const invocation: Invocation = { signal, exitCode: EXIT.ok };
  const ownWords = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const json = ownWords.includes('--json');
  let complaints = '';
  const program = createProgram(invocation, (text) => {
    complaints += text;
  });
  try {
    await program.parseAsync(withVersionAsCommand(argv), { from: 'user' });
    return invocation.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageError(error, complaints, program, json);
    if (signal.aborted) return interrupted(error, signal, json);
    report(error, json);
    return exitCodeOf(error);
  }
}

/** `--version` before any command's name is the command `version`. */
function withVersionAsCommand(argv: readonly string[]): string[] {
  const at = argv.findIndex((word) => word !== '--json' && word !== '--quiet' && word !== '-q');
  const word = argv[at];
  return word === '--version' || word === '-V' ? ['version', ...argv.slice(0, at), ...argv.slice(at + 1)] : [...argv];
}

function usageError(error: CommanderError, complaints: string, program: Command, json: boolean): ExitCode {
  // A request for help, which has been answered.
  if (error.exitCode === 0) return EXIT.ok;
  const asked = program.commands.find((command) => command.name() === program.args[0] && command.commands.length > 0) ?? program;
  const names = asked.commands.map((command) => command.name()).join(', ');
  const message = error.code === 'commander.help' ? `a command is missing; there are ${names}` : error.message.replace(/^error: /, '');
  if (json) process.stdout.write(`${toJson({ error: { code: 'APP_USAGE', message } })}\n`);
  else process.stderr.write(complaints);
  return EXIT.usage;
}

/** However it surfaces, a failure after an interruption follows from it; only what is more than that is worth words. */
function interrupted(error: unknown, signal: AbortSignal, json: boolean): ExitCode {
  const expected = error === signal.reason || ['APP_INTERRUPTED', 'APP_OUTPUT_CLOSED', 'ABORT_ERR', 'NODE_CLOSED'].includes(codeOf(error) ?? '');
  if (json) report(expected ? signal.reason : error, json);
  else if (!expected) report(error, json);
  return EXIT.interrupted;
}

function report(error: unknown, json: boolean): void {
  const code = codeOf(error) ?? 'INTERNAL';
  if (code === 'APP_OUTPUT_CLOSED') return;
  const { message, stack, details } = error as Error & { details?: Readonly<Record<string, unknown>> };
  if (json) process.stdout.write(`${toJson({ error: { code, message, ...details } })}\n`);
  else process.stderr.write(`dave: ${message}\n`);
  if (code === 'INTERNAL') process.stderr.write(`${stack}\n`);
}
