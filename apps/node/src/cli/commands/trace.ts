import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { askDaemon } from '../../control/ask-daemon.ts';
import { controlSocketPath } from '../../control/control-socket.ts';
import type { ShownTrace } from '../../trace/shown-trace.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type CommandContext, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';
import { oneOf, wholeNumber } from '../values.ts';

const ANSWER_MS = 10_000;
/** How often a daemon is asked for what is new. */
const FOLLOW_MS = 250;
const FORMATS = ['chrome', 'json', 'otlp', 'dump'] as const;

interface Tail {
  lines: string[];
  events: unknown[];
  cursor: string;
  missed: number;
}

interface Summary {
  traceId: string;
  name?: string;
  durationUs: number;
  events: number;
  reasons?: Record<string, number>;
}

export function traceCommand(invocation: Invocation): Command {
  const trace = new Command('trace').description('what a traced daemon (dave up --traced) has recorded');
  trace
    .command('tail')
    .description('the newest events')
    .option('-n, --last <n>', 'how many', wholeNumber(0, 10_000), 20)
    .option('-f, --follow', 'go on until interrupted')
    .action(async (flags: { last: number; follow?: boolean }, command: Command) => {
      const context = contextOf(command, invocation);
      let { cursor } = await print(context, { last: String(flags.last) });
      while (flags.follow === true) {
        await sleep(FOLLOW_MS, undefined, { signal: context.signal });
        ({ cursor } = await print(context, { cursor }));
      }
    });
  trace
    .command('show')
    .description('one trace as a tree of spans; without an id the slowest ones and those in which something went wrong')
    .argument('[id]', '32 hex digits')
    .action(async (id: string | undefined, _flags: unknown, command: Command) => {
      const context = contextOf(command, invocation);
      if (id === undefined) return await list(context);
      const shown = await ask<ShownTrace>(context, `/${encodeURIComponent(id)}`);
      await context.output.data(context.output.json ? `${toJson(shown)}\n` : `${shown.lines.join('\n')}\n`);
    });
  trace
    .command('export')
    .description('one trace, or all of the log, for other programs')
    .argument('[id]', "32 hex digits, or 'all'", 'all')
    .option('--format <format>', `${FORMATS.join(', ')}; chrome opens in Perfetto`, oneOf(FORMATS), 'chrome')
    .option('-o, --output <file>', 'write it there instead of standard output')
    .action(async (id: string, flags: { format: string; output?: string }, command: Command) => {
      const context = contextOf(command, invocation);
      const { base64 } = await ask<{ base64: string }>(context, `/${encodeURIComponent(id)}/export`, { format: flags.format });
      const bytes = Buffer.from(base64, 'base64');
      if (flags.output === undefined) return await context.output.data(bytes);
      await writeFile(flags.output, bytes).catch((error: unknown) => {
        throw new AppError('APP_OUTPUT_FAILED', `cannot write ${flags.output}: ${(error as Error).message}`, { cause: error });
      });
      if (context.output.json) await context.output.data(`${toJson({ file: flags.output, format: flags.format, bytes: bytes.length })}\n`);
      else context.output.note(`wrote ${bytes.length} bytes to ${flags.output}`);
    });
  return trace;
}

async function ask<T>({ config: load, signal }: CommandContext, path: string, query: Record<string, string> = {}): Promise<T> {
  const { dataDir } = await load();
  const search = new URLSearchParams(query).toString();
  return (await askDaemon(controlSocketPath(dataDir), { method: 'GET', path: `/v1/traces${path}${search === '' ? '' : `?${search}`}`, timeoutMs: ANSWER_MS, signal })) as T;
}

/** With `--json` one document a line, so that what follows can be read as it comes. */
async function print(context: CommandContext, query: Record<string, string>): Promise<Tail> {
  const tail = await ask<Tail>(context, '/events', query);
  if (tail.missed > 0) context.output.note(`${tail.missed} events were overwritten before they could be read`);
  const lines = context.output.json ? tail.events.map(toJson) : tail.lines;
  if (lines.length > 0) await context.output.data(`${lines.join('\n')}\n`);
  return tail;
}

async function list(context: CommandContext): Promise<void> {
  const answer = await ask<{ slowest: Summary[]; problems: Summary[] }>(context, '');
  if (context.output.json) return await context.output.data(`${toJson(answer)}\n`);
  const line = ({ traceId, name, durationUs, events, reasons }: Summary): string =>
    `  ${traceId}  ${(name ?? '').padEnd(12)} ${(durationUs / 1000).toFixed(2).padStart(10)} ms ${String(events).padStart(5)} events${reasons === undefined ? '' : `  ${Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`).join(', ')}`}`;
  await context.output.data(['slowest', ...answer.slowest.map(line), 'something went wrong', ...answer.problems.map(line), ''].join('\n'));
}
