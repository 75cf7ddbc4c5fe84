import type { TraceContext, TracePeer } from './context-types.ts';

/** The one context there is: all zero, not sampled. Bytes are a fresh copy at each read, so that nobody can change them. */
export const ZERO_CONTEXT: TraceContext = /* @__PURE__ */ Object.freeze({
  get traceId() {
    return new Uint8Array(16);
  },
  traceIdHex: '00000000000000000000000000000000',
  spanId: 0n,
  parentSpanId: 0n,
  startTime: 0,
  flags: 0,
}) as unknown as TraceContext;

export const ZERO_PEER: TracePeer = /* @__PURE__ */ Object.freeze({
  get bytes() {
    return new Uint8Array(32);
  },
}) as unknown as TracePeer;
