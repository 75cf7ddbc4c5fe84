import type { EventLog } from '@p2p/trace';
import * as z from 'zod/mini';
import type { PruneOptions, PutOptions } from './types.ts';

/** Everything a local cache can be told; every field but `dir` has a default. */
export interface LocalCacheOptions {
  /** A directory of its own; made if it is missing. Any number of processes may share it. */
  readonly dir: string;
  /** Limits that hold by themselves: exceeding one has the least recently accessed entries evicted, down to nine tenths of it. A tree that alone exceeds `maxBytes` is refused. Default: none. */
  readonly limits?: Pick<PruneOptions, 'maxEntries' | 'maxBytes' | 'maxAgeMs' | 'minFreeBytes' | 'keepTags' | 'lowWatermark'> | undefined;
  /** Threads that copy, 1 to 16. Default 2, or 1 on a machine with one processor. */
  readonly threads?: number | undefined;
  /** `auto` has Linux write a large tree in one go; `each` syncs every file. Default `auto`. */
  readonly sync?: 'auto' | 'each' | undefined;
  /** `lease-files` accepts file systems that may be shared with other machines: an owner there counts as dead when its file
   * was not renewed for 30 s, and removals wait for `graceMs` first. Default `system`: such file systems are refused. */
  readonly locks?: 'system' | 'lease-files' | undefined;
  /** With `lease-files`: how long other machines may see an old state of the directory. Default 5 s. */
  readonly graceMs?: number | undefined;
  /** Waiting longer for others fails with CACHE_LOCK_TIMEOUT. Default 30 s. */
  readonly lockTimeoutMs?: number | undefined;
  /** Where tracing is on, opening and every call that waits for the disk or for others are recorded here; without it, and in a build without tracing, nothing is. */
  readonly traceLog?: EventLog | undefined;
}

const count = z.int().check(z.minimum(0));
const duration = z.int().check(z.minimum(0), z.maximum(2 ** 31 - 1));
const share = z.number().check(z.gt(0), z.maximum(1));
const tag = z.string().check(z.minLength(1), z.maxLength(256), z.refine((value) => value.isWellFormed(), 'must be well-formed Unicode'));
const tags = z.array(tag).check(z.maxLength(64));
const signal = z.optional(z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'must be an AbortSignal'));

const limits = {
  maxEntries: z.optional(count),
  maxBytes: z.optional(count),
  maxAgeMs: z.optional(z.number().check(z.minimum(0))),
  minFreeBytes: z.optional(count),
  keepTags: z.optional(tags),
  lowWatermark: z.optional(share),
};

const localSchema = z.strictObject({
  dir: z.string().check(z.minLength(1), z.refine((value) => !value.includes('\0'), 'must not have a NUL')),
  limits: z.optional(z.strictObject(limits)),
  threads: z.optional(z.int().check(z.minimum(1), z.maximum(16))),
  sync: z._default(z.enum(['auto', 'each']), 'auto'),
  locks: z._default(z.enum(['system', 'lease-files']), 'system'),
  graceMs: z._default(duration, 5_000),
  lockTimeoutMs: z._default(duration, 30_000),
  traceLog: z.optional(z.custom<EventLog>((value) => hasMethods(value, 'newTrace', 'spanStart', 'spanEnd'), 'must be an event log of @p2p/trace')),
});

function hasMethods(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

const putSchema = z.strictObject({
  ttlMs: z.optional(z.int().check(z.minimum(1))),
  tags: z.optional(tags),
  ifAbsent: z.optional(z.boolean()),
  move: z.optional(z.boolean()),
  owner: z.optional(z.enum(['keep-if-root', 'ignore'])),
  xattrs: z.optional(z.enum(['keep', 'ignore'])),
  special: z.optional(z.enum(['refuse', 'keep'])),
  signal,
});

const pruneSchema = z.strictObject({ ...limits, dryRun: z.optional(z.boolean()), signal });

/** Checked options of a local cache. */
export interface LocalSettings {
  readonly dir: string;
  readonly limits?: LocalCacheOptions['limits'];
  readonly threads?: number | undefined;
  readonly sync: 'auto' | 'each';
  readonly locks: 'system' | 'lease-files';
  readonly graceMs: number;
  readonly lockTimeoutMs: number;
  readonly traceLog?: EventLog | undefined;
}

/** @throws TypeError that names every bad option. */
export function readLocalOptions(options: LocalCacheOptions): LocalSettings {
  return check(localSchema, options, 'cache options');
}

/** @throws TypeError that names every bad option. */
export function readPutOptions(options: PutOptions): PutOptions {
  return check(putSchema, options, 'put options');
}

/** @throws TypeError that names every bad option. */
export function readPruneOptions(options: PruneOptions): PruneOptions {
  return check(pruneSchema, options, 'prune options');
}

function check<T extends z.ZodMiniType>(schema: T, options: unknown, what: string): z.infer<T> {
  const result = z.safeParse(schema, options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.length === 0 ? 'options' : path.join('.')}: ${message}`);
  throw new TypeError(`${what}: ${problems.join('; ')}`);
}
