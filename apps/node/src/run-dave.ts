import { setMaxListeners } from 'node:events';
import { AppError } from './cli/app-error.ts';
import { EXIT } from './cli/exit-codes.ts';
import { runProgram } from './cli/program.ts';

/** How long a graceful stop may take before it ends anyway. */
const STOP_MS = 10_000;

const interruption = new AbortController();
// Every node of a demo and every wait listens: their number is bounded, but not by the default of ten.
setMaxListeners(0, interruption.signal);

function interrupt(): void {
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort(new AppError('APP_INTERRUPTED', 'interrupted'));
  setTimeout(() => {
    process.stderr.write(`dave: could not stop within ${STOP_MS / 1000} s\n`);
    process.exit(EXIT.interrupted);
  }, STOP_MS).unref();
}

/** Runs the command line of this process; resolves when it has ended, with the exit code set. */
export async function runDave(): Promise<void> {
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // A reader that goes away fails the write that notices; the event as well would end the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

  process.exitCode = await runProgram(process.argv.slice(2), interruption.signal);
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
}
