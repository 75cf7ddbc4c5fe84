import { setMaxListeners } from 'node:events';
import { AppError } from './cli/app-error.ts';
import { EXIT } from './cli/exit-codes.ts';
import { runProgram } from './cli/program.ts';

/** How long a graceful stop may take before it ends anyway. */
const STOP_MS = 10_000;

const interruption = new AbortController();
// Every node of a demo and every wait listens: their number is bounded, but not by the default of ten.
setMaxListeners(0, interruption.signal);

/** A closed terminal stops a program as politely as the others do. */
const STOPPING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ends at once. Should even that wait for something, the next signal finds nobody who handles it, and kills. */
function exit(): never {
  stopListening();
  process.exit(EXIT.interrupted);
}

function stopListening(): void {
  for (const signal of STOPPING) process.off(signal, interrupt);
}

function interrupt(): void {
  if (interruption.signal.aborted) exit();
  interruption.abort(new AppError('APP_INTERRUPTED', 'interrupted'));
  setTimeout(() => {
    process.stderr.write(`dave: could not stop within ${STOP_MS / 1000} s\n`);
    exit();
  }, STOP_MS).unref();
}

/** Runs the command line of this process; resolves when it has ended, with the exit code set. */
export async function runDave(): Promise<void> {
  for (const signal of STOPPING) process.on(signal, interrupt);
  // A reader that goes away fails the write that notices; the event as well would end the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

  process.exitCode = await runProgram(process.argv.slice(2), interruption.signal);
  stopListening();
}
