#!/usr/bin/env node
import { AppError } from './cli/app-error.ts';
import { EXIT } from './cli/exit-codes.ts';
import { runProgram } from './cli/program.ts';

/** How long a graceful stop may take before it ends anyway. */
const STOP_MS = 10_000;

const interruption = new AbortController();

function interrupt(): void {
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort(new AppError('APP_INTERRUPTED', 'interrupted'));
  setTimeout(() => process.exit(EXIT.interrupted), STOP_MS).unref();
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

process.exitCode = await runProgram(process.argv.slice(2), interruption.signal);
process.off('SIGINT', interrupt);
process.off('SIGTERM', interrupt);
