import type { EventLog } from '@p2p/trace';
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { checkedClassifier } from './caller-checks.ts';
import { classifyAddress } from './classify-address.ts';
import type { Clock, Random } from './env.ts';
import { DEFAULT_MODEL, type ScoringModel } from './scoring-model.ts';
import type { Scoring, Settings } from './settings.ts';
import { type AddressClass, type QualityWeights, SELECTION_STRATEGIES, type SelectionStrategy } from './types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Everything a cache can be told; every field but `dir` has a default. Times in ms. */
export interface BootstrapCacheOptions {
  /** Where the file lies; made if it is missing. May be left out when `persist` is false. */
  dir?: string | undefined;
  /** Networks in one directory are kept apart by this name: 1 to 64 of a-z, 0-9, `.`, `_`, `-`. Default `default`. */
  network?: string | undefined;
  /** False touches no disk at all. Default true. */
  persist?: boolean | undefined;
  /** Maintenance saves this often if something changed. Default 5 min. */
  saveEveryMs?: number | undefined;
  /** Maintenance recomputes scores this often. Default 1 h. */
  rescoreEveryMs?: number | undefined;
  /** Maintenance cleans up this often. Default 6 h. */
  cleanupEveryMs?: number | undefined;
  /** A save or open that waits longer for other processes fails with BOOTSTRAP_CACHE_LOCK_TIMEOUT. Default 30 s. */
  lockTimeoutMs?: number | undefined;
  /** Peers kept in memory, 1 to 1 000 000. Default 20 000; 30 000 peers take about 15 MB. */
  maxPeers?: number | undefined;
  /** Probability in [0, 1] that a slot of a selection explores. Default 0.1. */
  epsilon?: number | undefined;
  /** For selections that name none. Default `epsilon-greedy`. */
  strategy?: SelectionStrategy | undefined;
  /** `ant-quic` scores by the reference's formula, for comparison. Default `bayes`. */
  scoring?: Scoring | undefined;
  /** Default success 0.4, rtt 0.25, freshness 0.15, capabilities 0.2. */
  weights?: QualityWeights | undefined;
  /** Constants of the score and of back-off; what is left out keeps its default. */
  model?: Partial<ScoringModel> | undefined;
  /** Cleanup may drop peers not heard of for this long. Default 7 days. */
  staleAfterMs?: number | undefined;
  /** Cleanup keeps at least this many. Default 256. */
  minKeep?: number | undefined;
  /** Peers of one /24, /48 or domain that are kept without proof. Default 32. */
  maxPerNetwork?: number | undefined;
  /** Picks of one selection from one network while others exist. Default 2. */
  picksPerNetwork?: number | undefined;
  /** False refuses addresses that `classifyAddress` does not know: they evade the limits per network. Default true. */
  acceptUnclassified?: boolean | undefined;
  /** Default: IP literals, `host:port`, multiaddrs. It must be pure: its answers are kept. */
  classifyAddress?: ((address: string) => AddressClass | undefined) | undefined;
  clock?: Clock | undefined;
  random?: Random | undefined;
  /** Where tracing is on, opening, saving and waiting for the lock are recorded here; without it, and in a build without tracing, nothing is. */
  traceLog?: EventLog | undefined;
}

const period = z.int().check(z.minimum(1), z.maximum(100 * 366 * DAY_MS));
const share = z.number().check(z.minimum(0), z.maximum(1));
const amount = z.number().check(z.minimum(0), z.maximum(1e9));
/** Node cuts longer timers to 1 ms. */
const timerPeriod = z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1));

const schema = z.strictObject({
  dir: z.optional(z.string().check(z.minLength(1))),
  network: z._default(z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit')), 'default'),
  persist: z._default(z.boolean(), true),
  saveEveryMs: z._default(timerPeriod, 5 * 60_000),
  rescoreEveryMs: z._default(timerPeriod, HOUR_MS),
  cleanupEveryMs: z._default(timerPeriod, 6 * HOUR_MS),
  lockTimeoutMs: z._default(timerPeriod, 30_000),
  maxPeers: z._default(z.int().check(z.minimum(1), z.maximum(1_000_000)), 20_000),
  epsilon: z._default(share, 0.1),
  strategy: z._default(z.enum(SELECTION_STRATEGIES), 'epsilon-greedy'),
  scoring: z._default(z.enum(['bayes', 'ant-quic']), 'bayes'),
  weights: z._default(z.strictObject({ success: amount, rtt: amount, freshness: amount, capabilities: amount }), {
    success: 0.4,
    rtt: 0.25,
    freshness: 0.15,
    capabilities: 0.2,
  }),
  model: z.optional(
    z.strictObject({
      evidenceHalfLifeMs: z.optional(period),
      evidenceCap: z.optional(z.number().check(z.minimum(1), z.maximum(1e6))),
      priorSuccesses: z.optional(z.number().check(z.minimum(0.01), z.maximum(1000))),
      priorFailures: z.optional(z.number().check(z.minimum(0.01), z.maximum(1000))),
      freshnessHalfLifeMs: z.optional(period),
      rttMidpointMs: z.optional(z.number().check(z.minimum(0.1), z.maximum(1e6))),
      backoffBaseMs: z.optional(period),
      backoffMaxMs: z.optional(period),
      observationTtlMs: z.optional(period),
    }),
  ),
  staleAfterMs: z._default(period, 7 * DAY_MS),
  minKeep: z._default(z.int().check(z.minimum(0)), 256),
  maxPerNetwork: z._default(z.int().check(z.minimum(1)), 32),
  picksPerNetwork: z._default(z.int().check(z.minimum(1)), 2),
  acceptUnclassified: z._default(z.boolean(), true),
  classifyAddress: z.optional(z.custom((value) => typeof value === 'function', 'must be a function')),
  clock: z.optional(z.custom((value) => hasMethods(value, 'now', 'setTimer'), 'must have now() and setTimer()')),
  random: z.optional(z.custom((value) => hasMethods(value, 'float'), 'must have float()')),
  traceLog: z.optional(z.custom((value) => hasMethods(value, 'newTrace', 'spanStart', 'spanEnd'), 'must be an event log of @p2p/trace')),
});

function hasMethods(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** Options of the file shell, checked. */
export interface FileSettings {
  /** Undefined: memory only. */
  readonly dir: string | undefined;
  readonly network: string;
  readonly saveEveryMs: number;
  readonly rescoreEveryMs: number;
  readonly cleanupEveryMs: number;
  readonly lockTimeoutMs: number;
}

/**
 * Checks and completes options; clock and randomness are those of the platform where none are given.
 * @throws TypeError that names every bad option.
 */
export function readOptions(options: BootstrapCacheOptions, clock: Clock, random: Random): { core: Settings; file: FileSettings } {
  // The small variant of zod has no words of its own.
  const result = z.safeParse(schema, options, { error: en().localeError });
  if (!result.success) throw optionError(...result.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)));
  const read = result.data;
  if (read.persist && read.dir === undefined) throw optionError('dir: needed unless persist is false');
  const given = Object.fromEntries(Object.entries(read.model ?? {}).filter(([, value]) => value !== undefined));
  const model: ScoringModel = { ...DEFAULT_MODEL, ...given };
  if (model.backoffMaxMs < model.backoffBaseMs) throw optionError('model.backoffMaxMs: must not be below backoffBaseMs');
  const { dir, network, persist, saveEveryMs, rescoreEveryMs, cleanupEveryMs, lockTimeoutMs, ...rest } = read;
  return {
    core: {
      ...rest,
      weights: normalised(read.weights),
      model,
      classifyAddress: options.classifyAddress === undefined ? classifyAddress : checkedClassifier(options.classifyAddress),
      clock: options.clock ?? clock,
      random: options.random ?? random,
    },
    file: { dir: persist ? dir : undefined, network, saveEveryMs, rescoreEveryMs, cleanupEveryMs, lockTimeoutMs },
  };
}

function optionError(...problems: string[]): TypeError {
  return new TypeError(`bootstrap cache options: ${problems.join('; ')}`);
}

function normalised(weights: QualityWeights): QualityWeights {
  const sum = weights.success + weights.rtt + weights.freshness + weights.capabilities;
  if (!(sum > 0)) throw optionError('weights: at least one must be above 0');
  return { success: weights.success / sum, rtt: weights.rtt / sum, freshness: weights.freshness / sum, capabilities: weights.capabilities / sum };
}
