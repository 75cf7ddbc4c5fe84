import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { controlSocketPath, isServed } from '../../control/control-socket.ts';
import { DaemonStore } from '../../store/daemon-store.ts';
import { StoppedStore } from '../../store/stopped-store.ts';
import type { StoreTasks, TaskOptions, VerifyReport } from '../../store/store-tasks.ts';
import { writeWhole } from '../../store/write-whole.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type CommandContext, type Invocation } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toJson } from '../output.ts';
import { renderStats, renderVerify, sizeText } from '../store-text.ts';
import { TaskMeter } from '../task-meter.ts';

interface Run {
  readonly context: CommandContext;
  readonly tasks: StoreTasks;
  options(unit: 'dats' | 'bytes', of?: number): TaskOptions;
}

/** `dave store`: through the daemon of the data directory where one runs, else on its files. */
export function storeCommand(invocation: Invocation): Command {
  const store = new Command('store').description('what this node keeps across restarts');
  const withStore = async (command: Command, work: (run: Run) => Promise<void>): Promise<void> => {
    const context = contextOf(command, invocation);
    const config = await context.config();
    const socketPath = controlSocketPath(config.dataDir);
    const served = await isServed(socketPath);
    if (!served && config.records !== 'lmdb') throw new AppError('APP_USAGE', `no daemon runs on ${config.dataDir}, and records in ${config.records} can only be looked at through one: dave up`);
    await using tasks = served ? new DaemonStore(socketPath) : new StoppedStore(config.dataDir);
    const meter = new TaskMeter(context.output);
    try {
      await work({ context, tasks, options: (unit, of) => ({ signal: context.signal, onProgress: (progress) => meter.show(unit, { ...progress, of: of ?? progress.of }) }) });
    } finally {
      meter.clear();
    }
  };

  store
    .command('stats')
    .description('engine, records and bytes')
    .action((_flags: unknown, command: Command) =>
      withStore(command, async ({ context: { output, signal }, tasks }) => {
        const report = await tasks.stats(signal);
        await output.data(output.json ? `${toJson(report)}\n` : renderStats(report));
      }),
    );

  store
    .command('verify')
    .description('looks at every page and every record; exits 1 when something is damaged')
    .option('--deep', 'also check work and signature of every dat')
    .option('--salvage', 'of a stopped node: set a damaged file aside and keep what is intact')
    .action((flags: { deep?: boolean; salvage?: boolean }, command: Command) =>
      withStore(command, async ({ context: { output }, tasks, options }) => {
        const report = await tasks.verify({ ...options('dats'), deep: flags.deep ?? false, salvage: flags.salvage ?? false });
        await output.data(output.json ? `${toJson(report)}\n` : renderVerify(report));
        if (!isFine(report)) invocation.exitCode = EXIT.failure;
      }),
    );

  store
    .command('compact')
    .description('gives free pages of the file back to the file system')
    .action((_flags: unknown, command: Command) =>
      withStore(command, async ({ context: { output }, tasks, options }) => {
        const report = await tasks.compact(options('bytes'));
        await output.data(output.json ? `${toJson(report)}\n` : `${sizeText(report.bytesBefore)} before, ${sizeText(report.bytesAfter)} now\n`);
      }),
    );

  store
    .command('backup')
    .description('writes all dats as a backup of the Go implementation')
    .argument('<file>', 'where to; - for standard output')
    .action((file: string, _flags: unknown, command: Command) =>
      withStore(command, async ({ context: { output }, tasks, options }) => {
        let leftOut = 0;
        const chunks = tasks.backup({ ...options('bytes'), onLeftOut: (records) => (leftOut = records) });
        if (file === '-') for await (const chunk of chunks) await output.data(chunk);
        else {
          const bytes = await writeWhole(file, chunks);
          await output.data(output.json ? `${toJson({ file, bytes, leftOut })}\n` : `${sizeText(bytes)} in ${file}\n`);
        }
        if (leftOut === 0) return;
        output.note(`${leftOut} damaged records are not in it: dave store verify says more`);
        invocation.exitCode = EXIT.failure;
      }),
    );

  store
    .command('restore')
    .description('reads a backup of this program or of the Go implementation; every dat is verified, the newer one of a key stays')
    .argument('<file>', 'what to read; - for standard input')
    .action((file: string, _flags: unknown, command: Command) =>
      withStore(command, async ({ context: { output }, tasks, options }) => {
        const of = file === '-' ? undefined : await sizeOf(file);
        const report = await tasks.restore(file === '-' ? process.stdin : createReadStream(file), options('bytes', of));
        const { records, imported, duplicates, older, expired, refused, invalid, damaged, notDurable } = report;
        await output.data(
          output.json
            ? `${toJson(report)}\n`
            : `${imported} of ${records} dats imported, ${duplicates} were there, ${older} older than what is there, ${expired} expired, ${refused} without room, ${invalid} invalid, ${damaged} damaged stretches, ${notDurable} not durable yet\n`,
        );
        if (damaged > 0 || invalid > 0 || notDurable > 0) invocation.exitCode = EXIT.failure;
      }),
    );
  return store;
}

function isFine({ sound, keptAt, invalidDats }: VerifyReport): boolean {
  return (sound || keptAt !== null) && invalidDats === 0;
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
    throw new AppError('APP_FILE_FAILED', `${file} is no file`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('APP_FILE_FAILED', `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
