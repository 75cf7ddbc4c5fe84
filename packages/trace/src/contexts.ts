import type { TraceClock, TraceContext, TraceWireItem } from '@p2p/trace-noop';
import { CONTEXT_FLAGS, FLAG_DEBUG, FLAG_SAMPLED } from './event-layout.ts';
import { clampU64 } from './field-limits.ts';
import type { IdSource } from './id-source.ts';
import { asContext, LiveContext, liveContext } from './live-context.ts';
import { bytesOfWords, wordAt } from './text-bytes.ts';

const U64_MASK = 0xffff_ffff_ffff_ffffn;

/** A root span of a new trace. */
export function newContext(ids: IdSource, clock: TraceClock, flags: number): LiveContext {
  const trace: [number, number, number, number] = [ids.word(), ids.word(), ids.word(), ids.nonZeroWord()];
  return new LiveContext(trace, ids.word(), ids.nonZeroWord(), 0, 0, flags & CONTEXT_FLAGS, clock.nowUs());
}

export function childContext(ids: IdSource, clock: TraceClock, context: TraceContext): LiveContext {
  const { t0, t1, t2, t3, s0, s1, flags } = liveContext(context);
  return new LiveContext([t0, t1, t2, t3], ids.word(), ids.nonZeroWord(), s0, s1, flags, clock.nowUs());
}

/** The context of an item as it stands; one that is malformed gives the zero context. */
export function contextOfItem(item: TraceWireItem): LiveContext {
  if (typeof item !== 'object' || item === null) return ZERO;
  const { traceId, spanId, startUs, flags } = item;
  if (!(traceId instanceof Uint8Array) || traceId.length !== 16 || typeof spanId !== 'bigint' || typeof startUs !== 'bigint' || typeof flags !== 'number') return ZERO;
  const trace: [number, number, number, number] = [wordAt(traceId, 0), wordAt(traceId, 4), wordAt(traceId, 8), wordAt(traceId, 12)];
  if (trace.every((word) => word === 0)) return ZERO;
  const span = spanId & U64_MASK;
  const kept = (flags & FLAG_SAMPLED) === 0 ? flags & CONTEXT_FLAGS & ~FLAG_DEBUG : flags & CONTEXT_FLAGS;
  return new LiveContext(trace, Number(span & 0xffff_ffffn) | 0, Number(span >> 32n) | 0, 0, 0, kept, Number(clampU64(startUs)));
}

/** The same context with other flags. */
export function withFlags(context: LiveContext, flags: number): LiveContext {
  const { t0, t1, t2, t3, s0, s1, q0, q1, startTime } = context;
  return new LiveContext([t0, t1, t2, t3], s0, s1, q0, q1, flags, startTime);
}

const ZERO: LiveContext = /* @__PURE__ */ new LiveContext([0, 0, 0, 0], 0, 0, 0, 0, 0, 0);

/**
 * A context as the wire's extension block carries it (item 1, 33 bytes). Fits `extensions.trace` of
 * `@p2p/dave-wire`. Send it in traced builds only, behind `if (TRACE)`.
 */
export function contextToWire(context: TraceContext): TraceWireItem {
  const { t0, t1, t2, t3, spanId, startTime, flags } = liveContext(context);
  return { traceId: bytesOfWords([t0, t1, t2, t3]), spanId, startUs: clampU64(startTime), flags };
}

/**
 * The context of an item, with its flags as they are. For items from strangers use a log's `contextFromWire`,
 * which honours `sampled` within a rate limit only. Malformed items give an unsampled zero context.
 */
export function contextFromWire(item: TraceWireItem): TraceContext {
  return asContext(contextOfItem(item));
}
