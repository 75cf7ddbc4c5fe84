import type { Command } from 'commander';
import { loadConfig, type ConfigFlags } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { ExitCode } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';

/** One run of the program: what interrupts it, and how it ends if nothing is thrown. */
export interface Invocation {
  readonly signal: AbortSignal;
  exitCode: ExitCode;
}

/** What every command gets: where to write, how it is interrupted, what is configured. */
export interface CommandContext {
  output: Output;
  signal: AbortSignal;
  config(flags?: ConfigFlags): Promise<Config & { keyFile: string }>;
}

interface SharedFlags {
  json?: boolean;
  quiet?: boolean;
  config?: string;
  dataDir?: string;
  keyFile?: string;
  edge?: string[];
  listen?: string;
  capacity?: string;
  logLevel?: string;
}

/** Reads the flags that all commands share. */
export function contextOf(command: Command, invocation: Invocation): CommandContext {
  const flags = command.optsWithGlobals<SharedFlags>();
  return {
    output: createOutput({ json: flags.json ?? false, quiet: flags.quiet ?? false }),
    signal: invocation.signal,
    config: (more = {}) =>
      loadConfig({
        file: flags.config ?? (process.env['DAVE_CONFIG'] || undefined),
        env: process.env,
        flags: {
          dataDir: flags.dataDir,
          keyFile: flags.keyFile,
          edges: flags.edge,
          listen: flags.listen,
          capacity: flags.capacity,
          logLevel: flags.logLevel,
          ...more,
        },
      }),
  };
}
