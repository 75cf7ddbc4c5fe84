import type { PeerRef, TraceContext } from '@p2p/trace-noop';
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
import type { StampClock } from './stamp-clock.ts';
import { utf8Prefix } from './text-bytes.ts';

/** Whether a context's trace is not recorded. */
export function isSkipped(context: TraceContext | undefined): boolean {
  return context !== undefined && context !== null && (context.flags & FLAG_SAMPLED) === 0;
}

/** The writers of connections, streams and packets. */
export class NetworkWriters extends EventWriter {
  readonly #strict: boolean;

  constructor(core: LogCore, clock: StampClock, node: number, strict: boolean) {
    super(core, clock, node, strict);
    this.#strict = strict;
  }

  connInit(context: TraceContext | undefined, peer: PeerRef, endpoint: string): void {
    if (isSkipped(context)) return;
    const { bytes, cut } = utf8Prefix(endpoint, ENDPOINT_BYTES);
    if (cut) this.refuse('the endpoint is no text of at most', ENDPOINT_BYTES, 'bytes');
    const at = this.start(KIND_CONN_INIT, context, peer, cut ? FLAG_TRUNCATED : 0);
    if (at === DROPPED) return;
    this.i32[at + 16] = 0;
    this.i32[at + 17] = 0;
    this.i32[at + 18] = 0;
    this.i32[at + 19] = 0;
    const start = at * 4 + DATA_BYTE_OFFSET;
    this.core.u8[start] = bytes.length;
    this.core.u8.set(bytes, start + 1);
    this.commit(at);
  }

  connEstablished(context: TraceContext | undefined, peer: PeerRef, rttUs: number): void {
    if (isSkipped(context)) return;
    const fits = isU32(rttUs);
    if (!fits) this.refuse('rttUs must be a u32, not', rttUs);
    const at = this.start(KIND_CONN_ESTABLISHED, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    this.i32[at + 16] = fits ? rttUs : clampU32(rttUs);
    this.i32[at + 17] = 0;
    this.i32[at + 18] = 0;
    this.i32[at + 19] = 0;
    this.commit(at);
  }

  connClosed(context: TraceContext | undefined, peer: PeerRef, code: number | bigint): void {
    this.#pair(KIND_CONN_CLOSED, context, peer, code, 0);
  }

  streamOpened(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint): void {
    this.#pair(KIND_STREAM_OPENED, context, peer, streamId, 0);
  }

  streamData(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint, offset: number | bigint, length: number, fin: boolean): void {
    if (isSkipped(context)) return;
    const fits = isU64(streamId) && isU64(offset) && isU32(length);
    if (!fits) this.refuse('stream, offset or length is out of bounds:', streamId, offset, length);
    const id = fits ? streamId : clampU64(streamId);
    const place = fits ? offset : clampU64(offset);
    const at = this.start(KIND_STREAM_DATA, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    this.i32[at + 16] = lowWord(id);
    this.i32[at + 17] = highWord(id);
    this.i32[at + 18] = lowWord(place);
    this.i32[at + 19] = highWord(place);
    this.i32[at + 20] = fits ? length : clampU32(length);
    this.i32[at + 21] = fin ? 1 : 0;
    this.commit(at);
  }

  streamClosed(context: TraceContext | undefined, peer: PeerRef, streamId: number | bigint, code: number | bigint): void {
    this.#pair(KIND_STREAM_CLOSED, context, peer, streamId, code);
  }

  packetSent(context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void {
    this.packet(KIND_PACKET_SENT, context, peer, size, packetNumber);
  }

  packetReceived(context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void {
    this.packet(KIND_PACKET_RECEIVED, context, peer, size, packetNumber);
  }

  packetLost(context: TraceContext | undefined, peer: PeerRef, packetNumber: number | bigint): void {
    this.packet(KIND_PACKET_LOST, context, peer, 0, packetNumber);
  }

  /** As `begin`, for contexts of the public type. */
  protected start(kind: number, context: TraceContext | undefined, peer: PeerRef, flags: number): number {
    return this.begin(kind, context as unknown as LiveContext | undefined, peer, flags);
  }

  /** Where the log is strict, a value that does not fit is the caller's mistake. */
  protected refuse(complaint: string, ...values: readonly unknown[]): void {
    // Made here, not by the caller: not everything can be made a text.
    if (this.#strict) throw new TypeError(`Trace event: ${[complaint, ...values.map(String)].join(' ')}.`);
  }

  private packet(kind: number, context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: number | bigint): void {
    if (isSkipped(context)) return;
    let flags = 0;
    if (typeof packetNumber !== 'number' || typeof size !== 'number' || packetNumber >>> 0 !== packetNumber || size >>> 0 !== size) {
      if (!isU64(packetNumber) || !isU32(size)) {
        this.refuse('size or packet number is out of bounds:', size, packetNumber);
        flags = FLAG_TRUNCATED;
      }
      this.largePacket(kind, context, peer, clampU32(size), clampU64(packetNumber), flags);
      return;
    }
    const at = this.begin(kind, context as unknown as LiveContext | undefined, peer, flags);
    if (at === DROPPED) return;
    const i32 = this.i32;
    i32[at + 16] = packetNumber;
    i32[at + 17] = 0;
    i32[at + 18] = size;
    i32[at + 19] = 0;
    this.commit(at);
  }

  /** Apart from the others so that they stay short: numbers from 2³² on. */
  private largePacket(kind: number, context: TraceContext | undefined, peer: PeerRef, size: number, packetNumber: bigint, flags: number): void {
    const at = this.start(kind, context, peer, flags);
    if (at === DROPPED) return;
    this.i32[at + 16] = lowWord(packetNumber);
    this.i32[at + 17] = highWord(packetNumber);
    this.i32[at + 18] = size;
    this.i32[at + 19] = 0;
    this.commit(at);
  }

  /** Two u64. */
  #pair(kind: number, context: TraceContext | undefined, peer: PeerRef, first: number | bigint, second: number | bigint): void {
    if (isSkipped(context)) return;
    const fits = isU64(first) && isU64(second);
    if (!fits) this.refuse('this is out of bounds:', first, second);
    const a = fits ? first : clampU64(first);
    const b = fits ? second : clampU64(second);
    const at = this.start(kind, context, peer, fits ? 0 : FLAG_TRUNCATED);
    if (at === DROPPED) return;
    this.i32[at + 16] = lowWord(a);
    this.i32[at + 17] = highWord(a);
    this.i32[at + 18] = lowWord(b);
    this.i32[at + 19] = highWord(b);
    this.commit(at);
  }
}
