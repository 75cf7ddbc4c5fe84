import type { Command } from 'commander';
import { loadConfig, type ConfigFlags } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { terminalOutput, type Output } from './output.ts';

/** What every command gets: where to write, how it is interrupted, what is configured. */
export interface CommandContext {
  output: Output;
  signal: AbortSignal;
  config(flags?: ConfigFlags): Promise<Config & { keyFile: string }>;
}

interface GlobalFlags {
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

/** Reads the flags that all commands share from a command and its parents. */
export function contextOf(command: Command, signal: AbortSignal): CommandContext {
  const flags = command.optsWithGlobals<GlobalFlags>();
  return {
    output: terminalOutput({ json: flags.json ?? false, quiet: flags.quiet ?? false }),
    signal,
    config: (more = {}) =>
      loadConfig({
        file: flags.config ?? process.env['DAVE_CONFIG'],
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
