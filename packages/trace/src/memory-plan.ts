import { TraceError } from '@p2p/trace-noop';
import { EVENT_WORDS } from './event-layout.ts';

/*
 * One buffer holds all of a log: header, tables of node ids and span names, lane headers, slots, index.
 * All positions are indices of 32-bit words.
 */
const MAGIC = 0x3143_5254;
const VERSION = 1;

const AT_MAGIC = 0;
const AT_VERSION = 1;
const AT_SLOTS = 2;
const AT_LANES = 3;
const AT_INDEXED = 4;
const AT_MAX_NODES = 5;
const AT_BYTES = 6;
export const AT_THREADS = 7;
export const AT_NODE_COUNT = 8;
export const AT_NAME_COUNT = 9;
export const AT_REFUSED_NAMES = 10;
export const AT_REFUSED_TRACES = 11;
export const AT_UNKNOWN_KINDS = 12;
const HEADER_WORDS = 32;

/** State word and 32 bytes. */
export const NODE_WORDS = 9;
/** State word and 60 bytes of UTF-8. */
export const NAME_WORDS = 16;
export const NAME_BYTES = 60;
/** Entry 0 is the name of those that found the table full. */
export const MAX_NAMES = 256;

/** Node ids that an event can tell apart; the table has one entry more, for the node without an id. */
export const MAX_NODES = 65_535;

/** Of a lane's header. */
export const LANE_HEAD = 0;
/** How often the head went round 2³². */
export const LANE_LAPS = 1;
export const LANE_WRITERS = 2;
export const LANE_DROPPED = 3;
export const LANE_TRUNCATED = 4;
/** A cache line apart, so that threads do not slow each other down. */
export const LANE_HEADER_WORDS = 32;

/** Slots that share one entry of the index by time. */
export const TIME_BLOCK_SLOTS = 256;
/** Earliest and latest time, of the lap before and of this one. */
export const TIME_BLOCK_F64 = 4;
/** Bits of one Bloom generation per slot; 4 hashes: 0.5 % wrong answers with 16 events per trace, counting both generations. */
const BLOOM_MIN_BITS = 16_384;

export interface MemoryShape {
  readonly slots: number;
  readonly lanes: number;
  readonly indexed: boolean;
  readonly maxNodes: number;
}

export interface MemoryPlan extends MemoryShape {
  readonly laneSlots: number;
  readonly nodesAt: number;
  readonly namesAt: number;
  readonly laneHeadersAt: number;
  readonly slotsAt: number;
  /** Undefined positions are 0: without index nothing looks at them. */
  readonly indexAt: number;
  readonly indexWordsPerLane: number;
  readonly timeBlocks: number;
  readonly bloomBits: number;
  readonly bytes: number;
}

const aligned = (words: number): number => Math.ceil(words / EVENT_WORDS) * EVENT_WORDS;

export function planMemory(shape: MemoryShape): MemoryPlan {
  const { slots, lanes, indexed, maxNodes } = shape;
  const laneSlots = slots / lanes;
  const nodesAt = HEADER_WORDS;
  const namesAt = aligned(nodesAt + maxNodes * NODE_WORDS);
  const laneHeadersAt = aligned(namesAt + MAX_NAMES * NAME_WORDS);
  const slotsAt = laneHeadersAt + lanes * LANE_HEADER_WORDS;
  const indexAt = slotsAt + slots * EVENT_WORDS;
  const timeBlocks = Math.ceil(laneSlots / TIME_BLOCK_SLOTS);
  const bloomBits = Math.max(BLOOM_MIN_BITS, laneSlots);
  const indexWordsPerLane = aligned(laneSlots * 4 + timeBlocks * TIME_BLOCK_F64 * 2 + (bloomBits / 32) * 2);
  const bytes = (indexAt + (indexed ? indexWordsPerLane * lanes : 0)) * 4;
  return { ...shape, laneSlots, nodesAt, namesAt, laneHeadersAt, slotsAt, indexAt, indexWordsPerLane, timeBlocks, bloomBits, bytes };
}

/** Where the parts of a lane's index are. */
export interface LaneIndexPlan {
  readonly traceHeadsAt: number;
  readonly tracePrevAt: number;
  readonly peerHeadsAt: number;
  readonly peerPrevAt: number;
  /** In 8-byte words. */
  readonly timesAtF64: number;
  readonly bloomAt: number;
}

export function planLaneIndex(plan: MemoryPlan, lane: number): LaneIndexPlan {
  const { laneSlots, timeBlocks } = plan;
  const traceHeadsAt = plan.indexAt + lane * plan.indexWordsPerLane;
  const timesAt = traceHeadsAt + laneSlots * 4;
  return {
    traceHeadsAt,
    tracePrevAt: traceHeadsAt + laneSlots,
    peerHeadsAt: traceHeadsAt + laneSlots * 2,
    peerPrevAt: traceHeadsAt + laneSlots * 3,
    timesAtF64: timesAt / 2,
    bloomAt: timesAt + timeBlocks * TIME_BLOCK_F64 * 2,
  };
}

/** A new log's memory. */
export function allocateMemory(plan: MemoryPlan, shared: boolean): ArrayBufferLike {
  const buffer = shared ? new SharedArrayBuffer(plan.bytes) : new ArrayBuffer(plan.bytes);
  const words = new Int32Array(buffer);
  words[AT_VERSION] = VERSION;
  words[AT_SLOTS] = plan.slots;
  words[AT_LANES] = plan.lanes;
  words[AT_INDEXED] = plan.indexed ? 1 : 0;
  words[AT_MAX_NODES] = plan.maxNodes;
  words[AT_BYTES] = plan.bytes;
  // Entry 0 of both tables is taken.
  words[AT_NODE_COUNT] = 1;
  words[AT_NAME_COUNT] = 1;
  // What a slot holds before its first event: the sequence of two laps ago, so that 0 means busy and nothing else.
  for (let slot = 0; slot < plan.slots; slot += 1) {
    words[plan.slotsAt + slot * EVENT_WORDS] = (slot % plan.laneSlots) + 1 - 2 * plan.laneSlots;
  }
  words[AT_MAGIC] = MAGIC;
  return buffer;
}

/**
 * The plan of memory that another thread made.
 * @throws {TraceError} `TRACE_BAD_MEMORY`: it is not a log's, of another version, or not of the size that it claims.
 */
export function planOfMemory(memory: SharedArrayBuffer): MemoryPlan {
  if (!(memory instanceof SharedArrayBuffer)) throw new TraceError('TRACE_BAD_MEMORY', 'The memory of a log must be a SharedArrayBuffer.');
  if (memory.byteLength < HEADER_WORDS * 4 || memory.byteLength % 4 !== 0) {
    throw new TraceError('TRACE_BAD_MEMORY', `${memory.byteLength} bytes are no log's memory.`);
  }
  const words = new Int32Array(memory);
  if (words[AT_MAGIC] !== MAGIC) throw new TraceError('TRACE_BAD_MEMORY', 'This memory was not made by createEventLog.');
  if (words[AT_VERSION] !== VERSION) throw new TraceError('TRACE_BAD_MEMORY', `This memory has version ${words[AT_VERSION]}, not ${VERSION}.`);
  const shape = { slots: words[AT_SLOTS]!, lanes: words[AT_LANES]!, indexed: words[AT_INDEXED] === 1, maxNodes: words[AT_MAX_NODES]! };
  const sound = shape.slots >= 64 && shape.lanes >= 1 && shape.lanes <= 64 && shape.maxNodes >= 1 && shape.maxNodes <= MAX_NODES + 1;
  const plan = sound ? planMemory(shape) : undefined;
  if (plan?.bytes !== memory.byteLength || words[AT_BYTES] !== memory.byteLength) {
    throw new TraceError('TRACE_BAD_MEMORY', `This memory has ${memory.byteLength} bytes; its header tells of ${plan?.bytes ?? 'none'}.`);
  }
  return plan;
}
