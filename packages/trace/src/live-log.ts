import type { AppRegistry, EventLog, EventLogStats, PeerRef, TraceContext, TraceEventInput, TraceQuery, TraceWireItem } from '@p2p/trace-noop';
import { childContext, contextOfItem, newContext, withFlags } from './contexts.ts';
import {
  APP_DATA_BYTES,
  APP_DATA_OFFSET,
  CUSTOM_DATA_BYTES,
  CUSTOM_DATA_OFFSET,
  CUSTOM_LENGTH_OFFSET,
  DATA_BYTE_OFFSET,
  FLAG_DEBUG,
  FLAG_SAMPLED,
  FLAG_TRUNCATED,
  KIND_APP_COMMAND,
  KIND_APP_END,
  KIND_APP_START,
  KIND_CUSTOM,
  KIND_SPAN_END,
  KIND_SPAN_START,
} from './event-layout.ts';
import { DROPPED } from './event-writer.ts';
import { clampUint, isTime, isU16 } from './field-limits.ts';
import type { IdSource } from './id-source.ts';
import { asContext, liveContext } from './live-context.ts';
import { NAME_CUT, NODE_CUT, type LogCore } from './log-core.ts';
import { isSkipped, NetworkWriters } from './network-writers.ts';
import { GivenClock, type StampClock } from './stamp-clock.ts';
import { wordAt } from './text-bytes.ts';
import type { TraceSampling } from './trace-sampling.ts';
import { writeInput } from './write-input.ts';

const U16_MAX = 0xffff;
const NO_BYTES = /* @__PURE__ */ new Uint8Array(0);

/** What a log and those for its other nodes share. */
export interface LogParts {
  readonly core: LogCore;
  readonly clock: StampClock;
  readonly ids: IdSource;
  readonly sampleRate: number;
  readonly sampling: TraceSampling;
  readonly appTracing: boolean;
  readonly strict: boolean;
  readonly apps: AppRegistry;
  readonly query: TraceQuery;
}

/** A log as one thread and one node use it. */
export class LiveEventLog extends NetworkWriters implements EventLog {
  readonly query: TraceQuery;
  readonly apps: AppRegistry;
  readonly memory: SharedArrayBuffer | undefined;
  readonly #parts: LogParts;
  readonly #node: number;
  readonly #strict: boolean;
  readonly #appTracing: boolean;
  readonly #appData: Uint8Array = new Uint8Array(APP_DATA_BYTES);
  #fixedTime: { readonly log: LiveEventLog; timeUs: number } | undefined;

  constructor(parts: LogParts, node: number, clock: StampClock = parts.clock) {
    super(parts.core, clock, node, parts.strict);
    this.#parts = parts;
    this.#node = node;
    this.#strict = parts.strict;
    this.#appTracing = parts.appTracing;
    this.apps = parts.apps;
    this.memory = parts.core.shared ? (parts.core.i32.buffer as SharedArrayBuffer) : undefined;
    this.query = parts.query;
  }

  get stats(): EventLogStats {
    return this.#parts.core.stats();
  }

  newTrace(flags = 0): TraceContext {
    const { ids, clock, sampleRate, sampling } = this.#parts;
    const sampled = (flags & (FLAG_SAMPLED | FLAG_DEBUG)) !== 0 || ids.chance(sampleRate);
    const context = newContext(ids, clock, sampled ? flags | FLAG_SAMPLED : flags);
    sampling.began(context);
    return asContext(context);
  }

  childOf(context: TraceContext): TraceContext {
    return asContext(childContext(this.#parts.ids, this.#parts.clock, context));
  }

  contextFromWire(item: TraceWireItem): TraceContext {
    const context = contextOfItem(item);
    const flags = this.#parts.sampling.flagsOf(context);
    return asContext(flags === context.flags ? context : withFlags(context, flags));
  }

  forNode(nodeId: Uint8Array): EventLog {
    const node = this.#parts.core.nodeIndex(nodeId);
    if ((node & NODE_CUT) !== 0) this.refuse('the id of a node has more than 32 bytes, or there are more than maxNodes');
    return new LiveEventLog(this.#parts, node);
  }

  appStart(context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number): void {
    this.#app(KIND_APP_START, context, peer, appId, command, false, undefined);
  }

  appCommand(context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number, payload: Uint8Array): void {
    this.#app(KIND_APP_COMMAND, context, peer, appId, command, false, payload);
  }

  appEnd(context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number, ok: boolean): void {
    this.#app(KIND_APP_END, context, peer, appId, command, ok, undefined);
  }

  custom(context: TraceContext | undefined, peer: PeerRef, category: number, code: number, data: Uint8Array = NO_BYTES): void {
    if (isSkipped(context)) return;
    const bytes = data instanceof Uint8Array ? data : NO_BYTES;
    const fits = isU16(category) && isU16(code) && bytes === data && bytes.length <= CUSTOM_DATA_BYTES;
    if (!fits) this.refuse('category, code or number of bytes is out of bounds:', category, code, bytes.length);
    const at = this.start(KIND_CUSTOM, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    const codes = fits ? category | (code << 16) : clampUint(category, U16_MAX) | (clampUint(code, U16_MAX) << 16);
    this.i32[at + 16] = codes;
    this.i32[at + 17] = 0;
    this.i32[at + 18] = 0;
    this.i32[at + 19] = 0;
    this.#copy(at, bytes, CUSTOM_DATA_BYTES, CUSTOM_DATA_OFFSET, CUSTOM_LENGTH_OFFSET);
    this.commit(at);
  }

  spanStart(context: TraceContext | undefined, peer: PeerRef, name: string): void {
    this.#span(KIND_SPAN_START, context, peer, name, true);
  }

  spanEnd(context: TraceContext | undefined, peer: PeerRef, name: string, ok = true): void {
    this.#span(KIND_SPAN_END, context, peer, name, ok);
  }

  log(event: TraceEventInput): void {
    const timeUs = event?.timeUs;
    if (timeUs !== undefined && !isTime(timeUs)) this.refuse('this is no time in µs:', timeUs);
    const log = timeUs === undefined ? this : this.#at(timeUs);
    if (event !== null && event !== undefined && writeInput(log, event)) return;
    this.core.countUnknownKind();
    this.refuse('there is no kind', (event as { kind?: unknown } | undefined)?.kind);
  }

  #span(kind: number, context: TraceContext | undefined, peer: PeerRef, name: string, ok: boolean): void {
    if (isSkipped(context)) return;
    const id = this.core.nameId(name);
    const cut = (id & NAME_CUT) !== 0;
    if (cut) this.refuse('a span name is too long, or there are too many:', name);
    const at = this.start(kind, context, peer, cut ? FLAG_TRUNCATED : 0);
    if (at === DROPPED) return;
    const parent = context === undefined || context === null ? undefined : liveContext(context);
    this.i32[at + 16] = id & ~NAME_CUT;
    this.i32[at + 17] = ok ? 1 : 0;
    this.i32[at + 18] = parent?.q0 ?? 0;
    this.i32[at + 19] = parent?.q1 ?? 0;
    this.commit(at);
  }

  #app(kind: number, context: TraceContext | undefined, peer: PeerRef, appId: Uint8Array, command: number, ok: boolean, payload: Uint8Array | undefined): void {
    if (!this.#appTracing || isSkipped(context)) return;
    const id = appId instanceof Uint8Array ? appId : NO_BYTES;
    let fits = id.length === 4 && isU16(command);
    let data = payload;
    try {
      const protocol = this.apps.get(id);
      if (protocol?.shouldTrace !== undefined) {
        // Of a command for which this cannot be said, nothing of the payload may be kept.
        data = payload === undefined ? undefined : NO_BYTES;
        const answer: unknown = protocol.shouldTrace(command);
        if (answer === false) return;
        data = payload;
      }
      if (payload !== undefined && protocol !== undefined) {
        data = this.#appData.fill(0);
        protocol.writeTraceData(command, payload, data);
      }
    } catch (error) {
      // A protocol's mistake must not become one of the program that is traced: the event is flagged.
      if (this.#strict) throw error;
      fits = false;
    }
    const bytes = data instanceof Uint8Array ? data : NO_BYTES;
    if ((data !== undefined && data !== bytes) || bytes.length > APP_DATA_BYTES) fits = false;
    if (!fits) this.refuse('application id, command or payload is out of bounds; command', command);
    const at = this.start(kind, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    this.i32[at + 16] = wordAt(id, 0);
    this.i32[at + 17] = clampUint(command, U16_MAX) | (ok ? 0x1_0000 : 0);
    this.i32[at + 18] = 0;
    this.i32[at + 19] = 0;
    if (data !== undefined) this.#copy(at, bytes, APP_DATA_BYTES, APP_DATA_OFFSET, APP_DATA_OFFSET - 1);
    this.commit(at);
  }

  /** At most `maxBytes` of `bytes` into the data, and their number. */
  #copy(at: number, bytes: Uint8Array, maxBytes: number, offset: number, lengthOffset: number): void {
    const { u8 } = this.core;
    const start = at * 4 + DATA_BYTE_OFFSET;
    const length = Math.min(bytes.length, maxBytes);
    for (let index = 0; index < length; index += 1) u8[start + offset + index] = bytes[index]!;
    u8[start + lengthOffset] = length;
  }

  /** This log with a clock that stands at the event's own time. */
  #at(timeUs: number): LiveEventLog {
    if (this.#fixedTime === undefined) {
      const clock = new GivenClock({ nowUs: () => this.#fixedTime!.timeUs });
      this.#fixedTime = { log: new LiveEventLog(this.#parts, this.#node, clock), timeUs };
    }
    this.#fixedTime.timeUs = timeUs;
    return this.#fixedTime.log;
  }
}
