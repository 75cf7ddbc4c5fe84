import type { PeerRef, TraceClock, TraceContext } from '@p2p/trace-noop';
import {
  DATA_BYTE_OFFSET,
  ENDPOINT_BYTES,
  FLAG_SAMPLED,
  FLAG_TRUNCATED,
  KIND_CONN_CLOSED,
  KIND_CONN_ESTABLISHED,
  KIND_CONN_INIT,
  KIND_PACKET_LOST,
  KIND_PACKET_RECEIVED,
  KIND_PACKET_SENT,
  KIND_STREAM_CLOSED,
  KIND_STREAM_DATA,
  KIND_STREAM_OPENED,
} from './event-layout.ts';
import { DROPPED, EventWriter } from './event-writer.ts';
import { clampU32, clampU64, highWord, isU32, isU64, lowWord } from './field-limits.ts';
import type { LiveContext } from './live-context.ts';
import type { LogCore } from './log-core.ts';
import { utf8Prefix } from './text-bytes.ts';

/** Whether a context's trace is not recorded. */
export function isSkipped(context: TraceContext | undefined): boolean {
  return context !== undefined && (context.flags & FLAG_SAMPLED) === 0;
}

/** The writers of connections, streams and packets. */
export class NetworkWriters extends EventWriter {
  readonly #strict: boolean;

  constructor(core: LogCore, clock: TraceClock, node: number, strict: boolean) {
    super(core, clock, node);
    this.#strict = strict;
  }

  connInit(context: TraceContext | undefined, peer: PeerRef, endpoint: string): void {
    if (isSkipped(context)) return;
    const { bytes, cut } = utf8Prefix(endpoint, ENDPOINT_BYTES);
    if (cut) this.refuse(`endpoint is longer than ${ENDPOINT_BYTES} bytes`);
    const at = this.start(KIND_CONN_INIT, context, peer, cut ? FLAG_TRUNCATED : 0);
    if (at === DROPPED) return;
    this.data(at, 0, 0, 0, 0, 0, 0);
    const start = at * 4 + DATA_BYTE_OFFSET;
    this.core.u8[start] = bytes.length;
    this.core.u8.set(bytes, start + 1);
    this.commit(at);
  }

  connEstablished(context: TraceContext | undefined, peer: PeerRef, rttUs: number): void {
    if (isSkipped(context)) return;
    const fits = isU32(rttUs);
    if (!fits) this.refuse(`rttUs ${rttUs} is no u32`);
    const at = this.start(KIND_CONN_ESTABLISHED, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    this.data(at, fits ? rttUs : clampU32(rttUs), 0, 0, 0, 0, 0);
    this.commit(at);
  }

  connClosed(context: TraceContext | undefined, peer: PeerRef, code: number | bigint): void {
    this.#pair(KIND_CONN_CLOSED, context, peer, code, 0, 0);
  }

  streamOpened(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint): void {
    this.#pair(KIND_STREAM_OPENED, context, peer, streamId, 0, 0);
  }

  streamData(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint, offset: number | bigint, length: number, fin: boolean): void {
    if (isSkipped(context)) return;
    const fits = isU64(streamId) && isU64(offset) && isU32(length);
    if (!fits) this.refuse(`stream ${streamId}, offset ${offset} or length ${length} is out of bounds`);
    const id = fits ? streamId : clampU64(streamId);
    const place = fits ? offset : clampU64(offset);
    const at = this.start(KIND_STREAM_DATA, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    this.data(at, lowWord(id), highWord(id), lowWord(place), highWord(place), fits ? length : clampU32(length), fin ? 1 : 0);
    this.commit(at);
  }

  streamClosed(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint, code: number | bigint): void {
    this.#pair(KIND_STREAM_CLOSED, context, peer, streamId, code, 0);
  }

  packetSent(context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void {
    this.#packet(KIND_PACKET_SENT, context, peer, size, packetNumber);
  }

  packetReceived(context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void {
    this.#packet(KIND_PACKET_RECEIVED, context, peer, size, packetNumber);
  }

  packetLost(context: TraceContext | undefined, peer: PeerRef, packetNumber: number | bigint): void {
    this.#packet(KIND_PACKET_LOST, context, peer, 0, packetNumber);
  }

  /** As `begin`, for contexts of the public type. */
  protected start(kind: number, context: TraceContext | undefined, peer: PeerRef, flags: number): number {
    return this.begin(kind, context as unknown as LiveContext | undefined, peer, flags);
  }

  /** Where the log is strict, a value that does not fit is the caller's mistake. */
  protected refuse(complaint: string): void {
    if (this.#strict) throw new TypeError(`Trace event: ${complaint}.`);
  }

  #packet(kind: number, context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void {
    this.#pair(kind, context, peer, packetNumber, undefined, size);
  }

  /** A u64, and behind it another or a u32. */
  #pair(kind: number, context: TraceContext | undefined, peer: PeerRef, first: number | bigint, second: number | bigint | undefined, size: number): void {
    if (isSkipped(context)) return;
    const fits = isU64(first) && (second === undefined ? isU32(size) : isU64(second));
    if (!fits) this.refuse(`${first}, ${second ?? size} is out of bounds`);
    const u64 = fits ? first : clampU64(first);
    const at = this.start(kind, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    if (second === undefined) {
      this.data(at, lowWord(u64), highWord(u64), fits ? size : clampU32(size), 0, 0, 0);
    } else {
      const next = fits ? second : clampU64(second);
      this.data(at, lowWord(u64), highWord(u64), lowWord(next), highWord(next), 0, 0);
    }
    this.commit(at);
  }
}
