import type { TraceContext, TracePeer } from '@p2p/trace-noop';
import { FLAG_SAMPLED } from './event-layout.ts';
import { bytesOfWords, u64OfWords, wordAt, wordsToHex } from './text-bytes.ts';

/**
 * A context. Its ids are kept as signed 32-bit words, which V8 holds in the object itself and copies into
 * a slot with one store each: 16 bytes by `Uint8Array.set` cost 15 ns more.
 */
export class LiveContext {
  readonly t0: number;
  readonly t1: number;
  readonly t2: number;
  readonly t3: number;
  /** The span's id, low word first. */
  readonly s0: number;
  readonly s1: number;
  /** The parent span's. */
  readonly q0: number;
  readonly q1: number;
  readonly flags: number;
  readonly startTime: number;

  constructor(trace: readonly [number, number, number, number], s0: number, s1: number, q0: number, q1: number, flags: number, startTime: number) {
    this.t0 = trace[0];
    this.t1 = trace[1];
    this.t2 = trace[2];
    this.t3 = trace[3];
    this.s0 = s0;
    this.s1 = s1;
    this.q0 = q0;
    this.q1 = q1;
    this.flags = flags;
    this.startTime = startTime;
  }

  get traceId(): Uint8Array {
    return bytesOfWords([this.t0, this.t1, this.t2, this.t3]);
  }

  get traceIdHex(): string {
    return wordsToHex([this.t0, this.t1, this.t2, this.t3], 0, 4);
  }

  get spanId(): bigint {
    return u64OfWords(this.s0, this.s1);
  }

  get parentSpanId(): bigint {
    return u64OfWords(this.q0, this.q1);
  }

  get sampled(): boolean {
    return (this.flags & FLAG_SAMPLED) !== 0;
  }
}

/** A peer's id as words. */
export class LivePeer {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly w4: number;
  readonly w5: number;
  readonly w6: number;
  readonly w7: number;

  constructor(id: Uint8Array) {
    this.w0 = wordAt(id, 0);
    this.w1 = wordAt(id, 4);
    this.w2 = wordAt(id, 8);
    this.w3 = wordAt(id, 12);
    this.w4 = wordAt(id, 16);
    this.w5 = wordAt(id, 20);
    this.w6 = wordAt(id, 24);
    this.w7 = wordAt(id, 28);
  }

  get bytes(): Uint8Array {
    return bytesOfWords(this.words);
  }

  get words(): [number, number, number, number, number, number, number, number] {
    return [this.w0, this.w1, this.w2, this.w3, this.w4, this.w5, this.w6, this.w7];
  }
}

/** A peer whose id was longer than 32 bytes, or no bytes at all: each of its events is flagged. */
export class CutPeer {
  readonly #kept: LivePeer;

  constructor(id: unknown) {
    this.#kept = new LivePeer(id instanceof Uint8Array ? id.subarray(0, 32) : new Uint8Array(0));
  }

  get bytes(): Uint8Array {
    return this.#kept.bytes;
  }
}

/** The public types are brands that only these classes carry. */
export function asContext(context: LiveContext): TraceContext {
  return context as unknown as TraceContext;
}

export function liveContext(context: TraceContext): LiveContext {
  return context as unknown as LiveContext;
}

export function asPeer(peer: LivePeer | CutPeer): TracePeer {
  return peer as unknown as TracePeer;
}
