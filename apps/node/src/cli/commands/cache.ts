import type { CacheBackend } from '@p2p/cache-backend';
import { Command, InvalidArgumentError, Option } from 'commander';
import { entriesOf, type CacheTier } from '../../cache/cache-tiers.ts';
import type { SharedCache } from '../../cache/shared-cache.ts';
import { createLogger, openLocalTrees, openSharedTrees } from '../../compose.ts';
import { parseByteSize } from '../../config/byte-size.ts';
import type { Config } from '../../config/schema.ts';
import { AppError, codeOf } from '../app-error.ts';
import { renderEntries, renderProblem, renderReport, renderStats } from '../cache-text.ts';
import { contextOf, type CommandContext, type Invocation } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toJson } from '../output.ts';
import { oneOf, wholeNumber } from '../values.ts';

interface PruneFlags {
  maxSize?: number;
  maxEntries?: number;
  maxAge?: number;
  minFree?: number;
  dryRun?: boolean;
  tier: TierChoice;
}

type TierChoice = 'local' | 'shared';

interface OpenTiers {
  readonly local: CacheBackend | undefined;
  /** Null where it is configured and cannot be reached. */
  readonly shared: SharedCache | null | undefined;
}

export function cacheCommand(invocation: Invocation): Command {
  const cache = new Command('cache').description('the fetched directories that are kept on this machine, and in the cache that it shares with others');
  /** Opens both tiers, or the one that is asked for. */
  const withTiers = async (command: Command, tier: TierChoice | undefined, work: (tiers: OpenTiers, context: CommandContext) => Promise<void>): Promise<void> => {
    const context = contextOf(command, invocation);
    const config = await context.config();
    await using local = tier === 'shared' ? undefined : await openLocalTrees(config);
    await using shared = tier === 'local' ? undefined : await openShared(config, tier, context);
    await work({ local, shared }, context);
  };
  /** For what changes a cache: that of this machine, unless the shared one is asked for. */
  const withOne = (command: Command, tier: TierChoice, work: (backend: CacheBackend, context: CommandContext) => Promise<void>): Promise<void> =>
    withTiers(command, tier, ({ local, shared }, context) => work((local ?? shared?.backend)!, context));
  cache
    .command('ls')
    .description('what is there, most recently used first')
    .addOption(tierOption('both'))
    .action((flags: { tier?: TierChoice }, command: Command) =>
      withTiers(command, flags.tier, async ({ local, shared }, { output }) => {
        const tiers: CacheTier[] = [];
        if (local !== undefined) tiers.push({ name: 'local', backend: local });
        if (shared) tiers.push({ name: shared.tier, backend: shared.backend });
        const entries = await entriesOf(tiers);
        // An entry knows its form in JSON; where it is is added to that.
        if (output.json) return output.data(`${toJson(entries.map(({ entry, tiers: names }) => ({ ...(JSON.parse(toJson(entry)) as object), tiers: names })))}\n`);
        await output.data(renderEntries(entries, shared !== undefined));
      }),
    );
  cache
    .command('stats')
    .description('how much is there')
    .addOption(tierOption('both'))
    .action((flags: { tier?: TierChoice }, command: Command) =>
      withTiers(command, flags.tier, async ({ local, shared }, { output }) => {
        const near = await local?.stats();
        const far = shared ? { tier: shared.tier, place: shared.place, ...(await shared.backend.stats()) } : shared;
        if (output.json) return output.data(`${toJson({ ...near, ...(far === undefined ? {} : { shared: far }) })}\n`);
        if (near !== undefined) await output.data(renderStats(near));
        if (far) await output.data(`shared in   ${far.place}\n${renderStats(far)}`);
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
    .addOption(tierOption('local'))
    .action(async (flags: PruneFlags, command: Command) => {
      const { maxSize, maxEntries, maxAge, minFree, dryRun, tier } = flags;
      if ([maxSize, maxEntries, maxAge, minFree].every((limit) => limit === undefined)) {
        throw new AppError('APP_USAGE', 'say what shall be kept: --max-size, --max-entries, --max-age or --min-free; --max-entries 0 removes everything');
      }
      const { cacheS3Bucket } = await contextOf(command, invocation).config();
      if (tier === 'shared' && minFree !== undefined && cacheS3Bucket !== undefined) throw new AppError('APP_USAGE', 'nobody knows how much room S3 has: give --max-size, --max-entries or --max-age');
      await withOne(command, tier, async (backend, { output, signal }) => {
        const report = await backend.prune({ maxBytes: maxSize, maxEntries, maxAgeMs: maxAge, minFreeBytes: minFree, dryRun, signal });
        await output.data(output.json ? `${toJson(report)}\n` : renderReport(report));
      });
    });
  cache
    .command('verify')
    .description('read everything and compare it with what was put; what is damaged is set aside and fetched anew when it is asked for')
    .option('--repair', 'also reclaim what nothing refers to')
    .addOption(tierOption('local'))
    .action((flags: { repair?: boolean; tier: TierChoice }, command: Command) =>
      withOne(command, flags.tier, async (backend, { output, signal }) => {
        const { checked, corrupt } = await verified(backend, signal);
        const repaired = flags.repair === true ? await backend.repair?.({ signal }) : undefined;
        if (corrupt.length > 0) invocation.exitCode = EXIT.failure;
        if (output.json) return output.data(`${toJson({ checked, corrupt, ...(repaired === undefined ? {} : { repaired }) })}\n`);
        for (const problem of corrupt) await output.data(renderProblem(problem));
        output.note(`${checked} trees checked, ${corrupt.length} damaged${repaired === undefined ? '' : `, ${repaired.reclaimed} leftovers reclaimed`}`);
      }),
    );
  return cache;
}

/** Asked for by name it has to be there; else the other one is better than nothing. */
async function openShared(config: Config, tier: TierChoice | undefined, { signal }: CommandContext): Promise<SharedCache | null | undefined> {
  try {
    const shared = await openSharedTrees(config, signal);
    if (shared === undefined && tier === 'shared') throw new AppError('APP_CONFIG', 'no shared cache is configured: set cache: redis or cache: s3');
    return shared;
  } catch (error) {
    if (tier === 'shared' || codeOf(error) !== 'APP_CACHE_UNREACHABLE') throw error;
    createLogger(config.logLevel).warn('going on without the shared cache', { error: (error as Error).message });
    return null;
  }
}

function tierOption(byDefault: TierChoice | 'both'): Option {
  const option = new Option('--tier <tier>', `local: that of this machine; shared: that of all${byDefault === 'both' ? ' (default: both)' : ''}`).argParser(oneOf(['local', 'shared']));
  return byDefault === 'both' ? option : option.default(byDefault);
}

async function verified(backend: CacheBackend, signal: AbortSignal): Promise<Awaited<ReturnType<NonNullable<CacheBackend['verify']>>>> {
  if (backend.verify === undefined) throw new AppError('APP_USAGE', 'this cache cannot be verified');
  return await backend.verify({ mode: 'full', signal });
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
