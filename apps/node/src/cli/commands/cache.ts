import type { CacheBackend, CacheEntry, PruneReport } from '@p2p/cache-backend';
import { Command, InvalidArgumentError } from 'commander';
import { openTreeCache } from '../../compose.ts';
import { formatByteSize, parseByteSize } from '../../config/byte-size.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type CommandContext, type Invocation } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toJson } from '../output.ts';
import { wholeNumber } from '../values.ts';

interface PruneFlags {
  maxSize?: number;
  maxEntries?: number;
  maxAge?: number;
  minFree?: number;
  dryRun?: boolean;
}

export function cacheCommand(invocation: Invocation): Command {
  const cache = new Command('cache').description('the fetched directories that are kept on this machine');
  const withCache = async (command: Command, work: (backend: CacheBackend, context: CommandContext) => Promise<void>): Promise<void> => {
    const context = contextOf(command, invocation);
    const config = await context.config();
    await using backend = await openTreeCache(config);
    await work(backend, context);
  };
  cache
    .command('ls')
    .description('what is there, most recently used first')
    .action((_flags: unknown, command: Command) =>
      withCache(command, async (backend, { output }) => {
        const entries: CacheEntry[] = [];
        for await (const entry of backend.list()) entries.push(entry);
        entries.sort((a, b) => b.lastAccessedMs - a.lastAccessedMs);
        await output.data(output.json ? `${toJson(entries)}\n` : renderEntries(entries));
      }),
    );
  cache
    .command('stats')
    .description('how much is there')
    .action((_flags: unknown, command: Command) =>
      withCache(command, async (backend, { output }) => {
        const stats = await backend.stats();
        if (output.json) return output.data(`${toJson(stats)}\n`);
        const { entryCount, totalBytes, allocatedBytes, sharedBytes } = stats;
        const disk = allocatedBytes === undefined ? '' : `on disk     ${formatByteSize(allocatedBytes)}${sharedBytes === undefined ? '' : `, ${formatByteSize(sharedBytes)} of it shared by several trees`}\n`;
        await output.data(`trees       ${entryCount}\nsize        ${formatByteSize(totalBytes)}\n${disk}`);
      }),
    );
  cache
    .command('prune')
    .description('remove the least recently used trees until all limits hold; never one that is in use')
    .option('--max-size <size>', 'bytes to keep at most', byteSize)
    .option('--max-entries <n>', 'trees to keep at most', wholeNumber(0, 1_000_000))
    .option('--max-age <time>', 'remove what was not used for longer, for example 12h or 30d', age)
    .option('--min-free <size>', 'bytes that the disk shall have free', byteSize)
    .option('--dry-run', 'only say what would be removed')
    .action((flags: PruneFlags, command: Command) =>
      withCache(command, async (backend, { output, signal }) => {
        const { maxSize, maxEntries, maxAge, minFree, dryRun } = flags;
        if ([maxSize, maxEntries, maxAge, minFree].every((limit) => limit === undefined)) {
          throw new AppError('APP_USAGE', 'say what shall be kept: --max-size, --max-entries, --max-age or --min-free; --max-entries 0 removes everything');
        }
        const report = await backend.prune({ maxBytes: maxSize, maxEntries, maxAgeMs: maxAge, minFreeBytes: minFree, dryRun, signal });
        await output.data(output.json ? `${toJson(report)}\n` : renderReport(report));
      }),
    );
  cache
    .command('verify')
    .description('read everything and compare it with what was put; what is damaged is set aside and fetched anew when it is asked for')
    .option('--repair', 'also reclaim what nothing refers to')
    .action((flags: { repair?: boolean }, command: Command) =>
      withCache(command, async (backend, { output, signal }) => {
        const { checked, corrupt } = await verified(backend, signal);
        const repaired = flags.repair === true ? await backend.repair?.({ signal }) : undefined;
        if (corrupt.length > 0) invocation.exitCode = EXIT.failure;
        if (output.json) return output.data(`${toJson({ checked, corrupt, ...(repaired === undefined ? {} : { repaired }) })}\n`);
        for (const { key, problem } of corrupt) await output.data(`${key}: ${problem}\n`);
        output.note(`${checked} trees checked, ${corrupt.length} damaged${repaired === undefined ? '' : `, ${repaired.reclaimed} leftovers reclaimed`}`);
      }),
    );
  return cache;
}

async function verified(backend: CacheBackend, signal: AbortSignal): Promise<Awaited<ReturnType<NonNullable<CacheBackend['verify']>>>> {
  if (backend.verify === undefined) throw new AppError('APP_USAGE', 'this cache cannot be verified');
  return await backend.verify({ mode: 'full', signal });
}

function renderEntries(entries: readonly CacheEntry[]): string {
  if (entries.length === 0) return 'the cache is empty\n';
  return entries
    .map(({ key, description, sizeBytes, lastAccessedMs, pinned }) => `${formatByteSize(sizeBytes).padStart(10)}  ${new Date(lastAccessedMs).toISOString()}  ${description}${pinned === true ? '  pinned' : ''}\n${' '.repeat(12)}${key}\n`)
    .join('');
}

function renderReport({ evicted, victims, freedBytes, skipped, limitsHold, dryRun }: PruneReport): string {
  const lines = victims.map(({ key, sizeBytes, reason }) => `${formatByteSize(sizeBytes).padStart(10)}  ${reason.padEnd(11)}  ${key}`);
  lines.push(`${dryRun ? victims.length : evicted} trees ${dryRun ? 'would be ' : ''}removed, ${formatByteSize(freedBytes)} freed${skipped.length === 0 ? '' : `, ${skipped.length} in use or kept`}${limitsHold ? '' : '; the limits do not hold all the same'}`);
  return `${lines.join('\n')}\n`;
}

function byteSize(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('It must be a size, for example 512MiB or 4GB.');
  return bytes;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function age(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a time with its unit, for example 90s, 12h or 30d.');
  return Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
}
