import {
  allocateMemory,
  AT_NAME_COUNT,
  AT_NODE_COUNT,
  AT_REFUSED_NAMES,
  AT_REFUSED_TRACES,
  AT_THREADS,
  AT_UNKNOWN_KINDS,
  LANE_DROPPED,
  LANE_HEAD,
  LANE_HEADER_WORDS,
  LANE_LAPS,
  LANE_TRUNCATED,
  LANE_WRITERS,
  MAX_NAMES,
  NAME_BYTES,
  NAME_WORDS,
  NODE_WORDS,
  planMemory,
  planOfMemory,
  type MemoryPlan,
  type MemoryShape,
} from './memory-plan.ts';
import type { EventLogStats } from '@p2p/trace-noop';
import { SharedTable } from './shared-table.ts';
import { utf8Prefix, utf8Text } from './text-bytes.ts';

const NODE_ID_BYTES = 32;
export const NAME_CUT = 0x1_0000;
/** In what `nodeIndex` gives. */
export const NODE_CUT = 0x1_0000;

/** A log's memory as one thread sees it: views, tables, and the lane that this thread writes to. */
export class LogCore {
  readonly plan: MemoryPlan;
  readonly shared: boolean;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  /** This thread's. */
  readonly lane: number;
  readonly #nodes: SharedTable;
  readonly #names: SharedTable;
  /** Of names that the table holds, so at most as many. */
  readonly #nameIds = new Map<string, number>();
  #namesAreFull = false;

  private constructor(plan: MemoryPlan, buffer: ArrayBufferLike, shared: boolean) {
    this.plan = plan;
    this.shared = shared;
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u8 = new Uint8Array(buffer);
    const thread = Atomics.add(this.i32, AT_THREADS, 1);
    this.lane = thread % plan.lanes;
    Atomics.add(this.i32, this.laneHeaderAt(this.lane) + LANE_WRITERS, 1);
    this.#nodes = new SharedTable(this.i32, { at: plan.nodesAt, entryWords: NODE_WORDS, capacity: plan.maxNodes, countAt: AT_NODE_COUNT });
    this.#names = new SharedTable(this.i32, { at: plan.namesAt, entryWords: NAME_WORDS, capacity: MAX_NAMES, countAt: AT_NAME_COUNT });
  }

  static create(shape: MemoryShape, shared: boolean): LogCore {
    const plan = planMemory(shape);
    return new LogCore(plan, allocateMemory(plan, shared), shared);
  }

  /** @throws {TraceError} `TRACE_BAD_MEMORY` */
  static attach(memory: SharedArrayBuffer): LogCore {
    return new LogCore(planOfMemory(memory), memory, true);
  }

  laneHeaderAt(lane: number): number {
    return this.plan.laneHeadersAt + lane * LANE_HEADER_WORDS;
  }

  laneSlotsAt(lane: number): number {
    return this.plan.slotsAt + lane * this.plan.laneSlots * 32;
  }

  /** Whether one thread at most has ever written to a lane: only then is its index kept in order. */
  hasOneWriter(lane: number): boolean {
    return Atomics.load(this.i32, this.laneHeaderAt(lane) + LANE_WRITERS) <= 1;
  }

  /** Index of a node's id, 0 where it is all zero or the table is full; with `NODE_CUT` set where it is not the whole id. */
  nodeIndex(id: Uint8Array): number {
    const padded = new Uint8Array(NODE_ID_BYTES);
    const isId = id instanceof Uint8Array;
    if (isId) padded.set(id.subarray(0, NODE_ID_BYTES));
    const cut = isId && id.length <= NODE_ID_BYTES ? 0 : NODE_CUT;
    if (padded.every((byte) => byte === 0)) return cut;
    const entry = this.#nodes.intern(padded);
    if (entry !== 0) return entry | cut;
    Atomics.add(this.i32, AT_REFUSED_NAMES, 1);
    return NODE_CUT;
  }

  nodeId(index: number): Uint8Array {
    const id = this.#nodes.content(index);
    return id.length === NODE_ID_BYTES ? id : new Uint8Array(NODE_ID_BYTES);
  }

  /** Number of a span's name, 0 where the table is full; with `NAME_CUT` set where the name did not fit. */
  nameId(name: string): number {
    return this.#nameIds.get(name) ?? this.#internName(name);
  }

  name(id: number): string {
    return id === 0 ? '(other)' : utf8Text(this.#names.content(id));
  }

  countRefusedTrace(): void {
    Atomics.add(this.i32, AT_REFUSED_TRACES, 1);
  }

  countUnknownKind(): void {
    Atomics.add(this.i32, AT_UNKNOWN_KINDS, 1);
  }

  stats(): EventLogStats {
    const { i32, plan } = this;
    const total = { written: 0, overwritten: 0, dropped: 0, truncated: 0 };
    for (let lane = 0; lane < plan.lanes; lane += 1) {
      const at = this.laneHeaderAt(lane);
      const claimed = Atomics.load(i32, at + LANE_LAPS) * 4_294_967_296 + (Atomics.load(i32, at + LANE_HEAD) >>> 0);
      const dropped = Atomics.load(i32, at + LANE_DROPPED) >>> 0;
      total.written += claimed - dropped;
      total.overwritten += Math.max(0, claimed - dropped - plan.laneSlots);
      total.dropped += dropped;
      total.truncated += Atomics.load(i32, at + LANE_TRUNCATED) >>> 0;
    }
    return {
      ...total,
      slots: plan.slots,
      memoryBytes: plan.bytes,
      refusedNames: Atomics.load(i32, AT_REFUSED_NAMES) >>> 0,
      refusedTraces: Atomics.load(i32, AT_REFUSED_TRACES) >>> 0,
      unknownKinds: Atomics.load(i32, AT_UNKNOWN_KINDS) >>> 0,
      threads: Atomics.load(i32, AT_THREADS),
      lanes: plan.lanes,
    };
  }

  #internName(name: string): number {
    const { bytes, cut } = utf8Prefix(name, NAME_BYTES);
    // A copy of what the table can hold: the name itself may be long, or a part of something long.
    const kept = utf8Text(bytes);
    const entry = this.#nameIds.get(kept) ?? (this.#namesAreFull ? 0 : this.#internKept(bytes, kept));
    if (entry === 0) {
      Atomics.add(this.i32, AT_REFUSED_NAMES, 1);
      return NAME_CUT;
    }
    return cut ? entry | NAME_CUT : entry;
  }

  #internKept(bytes: Uint8Array, kept: string): number {
    const entry = this.#names.intern(bytes);
    if (entry !== 0) this.#nameIds.set(kept, entry);
    else this.#learnNames();
    return entry;
  }

  /** A full table never changes again. With all of it known here, no name is searched in it any more. */
  #learnNames(): void {
    this.#namesAreFull = true;
    for (let entry = 1; entry < MAX_NAMES; entry += 1) {
      const content = this.#names.content(entry);
      if (content.length > 0) this.#nameIds.set(utf8Text(content), entry);
    }
  }
}
