import { TRACE } from '@p2p/trace';
import type { Clock, Random } from '../env.ts';
import { MAX_ID_BYTES, toCaps, type Caps } from '../limits.ts';
import type { RecordStoreOptions } from '../options.ts';
import { tracedWork, type TracedWork } from '../trace/traced-work.ts';
import { ValidatorRegistry } from '../validators/registry.ts';
import { copyBytes } from './bytes.ts';
import { xorSha256, type Distance } from './distance.ts';
import { fullKeyPolicy, type FullKeyPolicy } from './full-key/policies.ts';
import type { HashKey } from './full-key/keyed-hash.ts';

const HOUR_MS = 3_600_000;

/** Options, checked and complete. */
export interface Settings {
  readonly localId: Uint8Array;
  readonly validators: ValidatorRegistry;
  readonly distance: Distance;
  readonly replication: number;
  readonly caps: Caps;
  readonly fullKey: FullKeyPolicy;
  /** Infinity: no limit. */
  readonly maxTtlMs: number;
  readonly republish: { readonly publishMs: number; readonly replicateMs: number; readonly provideMs: number };
  readonly clock: Clock;
  readonly random: Random;
  readonly secret: HashKey;
  trace?: TracedWork | undefined;
}

/** @throws TypeError for options that are none. */
export function toSettings(options: RecordStoreOptions, system: { clock: Clock; random: Random }): Settings {
  const { localId, maxTtlMs = 48 * HOUR_MS, republish = {}, replication = 20, clock = system.clock, random = system.random } = options;
  if (!(localId instanceof Uint8Array) || localId.length === 0 || localId.length > MAX_ID_BYTES) throw new TypeError(`localId must be 1 to ${MAX_ID_BYTES} bytes`);
  requireLog(options);
  if (!Number.isFinite(clock.now())) throw new TypeError('clock.now() must give Unix milliseconds');
  if (!Number.isSafeInteger(replication) || replication < 1) throw new TypeError('replication must be a whole number >= 1');
  const word = (): number => Math.floor(random.float() * 0x1_0000_0000);
  const settings: Settings = {
    localId: copyBytes(localId),
    validators: new ValidatorRegistry(options.validators),
    distance: options.distance ?? xorSha256,
    replication,
    caps: toCaps(options.limits),
    fullKey: fullKeyPolicy(options.policies?.fullKey),
    maxTtlMs: maxTtlMs === 'unlimited' ? Number.POSITIVE_INFINITY : positive('maxTtlMs', maxTtlMs),
    republish: {
      publishMs: positive('republish.publishMs', republish.publishMs ?? 22 * HOUR_MS),
      replicateMs: positive('republish.replicateMs', republish.replicateMs ?? HOUR_MS),
      provideMs: positive('republish.provideMs', republish.provideMs ?? 12 * HOUR_MS),
    },
    clock,
    random,
    secret: [word(), word()],
  };
  if (TRACE) settings.trace = tracedWork(options.traceLog);
  return settings;
}

/** In every build, so that a mistake is one whether it traces or not. */
function requireLog({ traceLog }: { traceLog?: object | null | undefined }): void {
  const isLog = traceLog === undefined || (traceLog !== null && ['newTrace', 'spanStart', 'spanEnd'].every((method) => typeof (traceLog as Record<string, unknown>)[method] === 'function'));
  if (!isLog) throw new TypeError('traceLog must be an event log of @p2p/trace');
}

function positive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0) throw new TypeError(`${name} must be a whole number > 0, got ${String(value)}`);
  return value;
}
