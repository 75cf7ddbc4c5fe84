import type { AttachOptions, EventLog, EventLogOptions, TraceClock, TraceRandom } from '@p2p/trace-noop';
import { IdSource } from './id-source.ts';
import { LiveEventLog, type LogParts } from './live-log.ts';
import { LiveTraceQuery } from './live-query.ts';
import { LiveAppRegistry } from './live-registry.ts';
import { LogCore } from './log-core.ts';
import { MAX_NODES } from './memory-plan.ts';
import { GivenClock, type StampClock } from './stamp-clock.ts';
import { TraceSampling } from './trace-sampling.ts';

const MIN_SLOTS = 64;
const MAX_SLOTS = 4_194_304;
const DEFAULT_SLOTS = 65_536;
const MAX_LANES = 64;
const DEFAULT_LANES = 8;
const DEFAULT_NODES = 64;
const DEFAULT_REMOTE_TRACES_PER_SECOND = 100;
const NODE_ID_BYTES = 32;

/** What the shell supplies where no option does. */
export interface SystemParts {
  readonly precise: () => StampClock;
  readonly coarse: () => StampClock;
  readonly random: TraceRandom;
}

const isPowerOfTwo = (value: number): boolean => Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value));

function requireRange(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw new TypeError(`${name} is ${value}; it must be from ${min} to ${max}.`);
  return value;
}

export function createLog(options: EventLogOptions, system: SystemParts): EventLog {
  const slots = options.slots ?? DEFAULT_SLOTS;
  if (!isPowerOfTwo(slots)) throw new TypeError(`slots is ${slots}; it must be a power of two.`);
  requireRange('slots', slots, MIN_SLOTS, MAX_SLOTS);
  const shared = options.shared ?? false;
  if (!shared && options.lanes !== undefined) throw new TypeError('lanes are for shared logs only.');
  const lanes = shared ? (options.lanes ?? Math.min(DEFAULT_LANES, slots / MIN_SLOTS)) : 1;
  if (!isPowerOfTwo(lanes)) throw new TypeError(`lanes is ${lanes}; it must be a power of two.`);
  requireRange('lanes', lanes, 1, Math.min(MAX_LANES, slots / MIN_SLOTS));
  const maxNodes = requireRange('maxNodes', options.maxNodes ?? DEFAULT_NODES, 1, MAX_NODES);
  if (!Number.isInteger(maxNodes)) throw new TypeError(`maxNodes is ${maxNodes}; it must be whole.`);
  // Entry 0 of the table is the node without an id.
  const core = LogCore.create({ slots, lanes, indexed: options.index ?? false, maxNodes: maxNodes + 1 }, shared);
  return openLog(core, options, system);
}

export function attachLog(memory: SharedArrayBuffer, options: AttachOptions, system: SystemParts): EventLog {
  return openLog(LogCore.attach(memory), options, system);
}

function openLog(core: LogCore, options: AttachOptions, system: SystemParts): EventLog {
  const clock = clockOf(options.clock ?? 'precise', system);
  const nodeId = options.nodeId ?? new Uint8Array(NODE_ID_BYTES);
  if (!(nodeId instanceof Uint8Array) || nodeId.length > NODE_ID_BYTES) throw new TypeError(`nodeId must be at most ${NODE_ID_BYTES} bytes.`);
  const remotePerSecond = requireRange('remoteTracesPerSecond', options.remoteTracesPerSecond ?? DEFAULT_REMOTE_TRACES_PER_SECOND, 0, Number.MAX_VALUE);
  const apps = options.apps ?? new LiveAppRegistry();
  const parts: LogParts = {
    core,
    clock,
    ids: new IdSource(options.random ?? system.random),
    sampleRate: requireRange('sampleRate', options.sampleRate ?? 1, 0, 1),
    sampling: new TraceSampling(clock, remotePerSecond, core),
    appTracing: options.appTracing ?? true,
    strict: options.strict ?? false,
    apps,
    query: LiveTraceQuery.ofCore(core, apps),
  };
  return new LiveEventLog(parts, core.nodeIndex(nodeId));
}

function clockOf(clock: 'precise' | 'coarse' | TraceClock, system: SystemParts): StampClock {
  if (clock === 'precise') return system.precise();
  if (clock === 'coarse') return system.coarse();
  if (typeof clock?.nowUs !== 'function') throw new TypeError("clock must be 'precise', 'coarse' or an object with nowUs().");
  return new GivenClock(clock);
}
