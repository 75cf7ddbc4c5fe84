import type { AppRegistry, TraceEvent, TraceEventBase } from '@p2p/trace-noop';
import {
  APP_DATA_OFFSET,
  APP_ID_BYTES,
  AT_PEER,
  AT_TRACE,
  CUSTOM_DATA_OFFSET,
  CUSTOM_LENGTH_OFFSET,
  DATA_BYTE_OFFSET,
  ENDPOINT_BYTES,
  EVENT_BYTES,
  FLAG_TRUNCATED,
  KIND_APP_COMMAND,
  KIND_APP_END,
  KIND_APP_START,
  KIND_CONN_CLOSED,
  KIND_CONN_ESTABLISHED,
  KIND_CONN_INIT,
  KIND_CUSTOM,
  KIND_PACKET_LOST,
  KIND_PACKET_RECEIVED,
  KIND_PACKET_SENT,
  KIND_SPAN_END,
  KIND_SPAN_START,
  KIND_STREAM_CLOSED,
  KIND_STREAM_DATA,
  KIND_STREAM_OPENED,
} from './event-layout.ts';
import { IdCache } from './id-cache.ts';
import type { LogCore } from './log-core.ts';
import { toHex, utf8Text } from './text-bytes.ts';

/** Words of the data, counted from the event's first. */
const DATA_WORD = DATA_BYTE_OFFSET / 4;
const DATA_U64 = DATA_BYTE_OFFSET / 8;
const SPAN_U64 = 15;

/** Decodes the event that was copied into `words`. */
export class EventDecoder {
  readonly words: Int32Array;
  readonly #u64: BigUint64Array;
  readonly #f64: Float64Array;
  readonly #u8: Uint8Array;
  readonly #core: LogCore;
  readonly #apps: AppRegistry;
  readonly #traceIds = new IdCache(4);
  readonly #peerIds = new IdCache(8);
  readonly #nodeIds = new Map<number, string>();
  #describing = false;

  constructor(core: LogCore, apps: AppRegistry) {
    const buffer = new ArrayBuffer(EVENT_BYTES);
    this.words = new Int32Array(buffer);
    this.#u64 = new BigUint64Array(buffer);
    this.#f64 = new Float64Array(buffer);
    this.#u8 = new Uint8Array(buffer);
    this.#core = core;
    this.#apps = apps;
  }

  /** Of the event in `words`, Unix µs. */
  get timeUs(): number {
    return this.#f64[1]!;
  }

  decode(lane: number): TraceEvent | undefined {
    const { words } = this;
    const head = words[1]!;
    const flags = (head >>> 8) & 255;
    const base: TraceEventBase = {
      sequence: (words[0]! - 1) >>> 0,
      lane,
      timeUs: this.#f64[1]!,
      traceId: this.#traceIds.hex(words, AT_TRACE),
      spanId: this.#u64[SPAN_U64]!,
      nodeId: this.#nodeId(head >>> 16),
      peerId: this.#peerIds.hex(words, AT_PEER),
      flags: flags & ~FLAG_TRUNCATED,
      truncated: (flags & FLAG_TRUNCATED) !== 0,
    };
    return this.#byKind(head & 255, base);
  }

  #byKind(kind: number, base: TraceEventBase): TraceEvent | undefined {
    const first = this.#u64[DATA_U64]!;
    const second = this.#u64[DATA_U64 + 1]!;
    switch (kind) {
      case KIND_CONN_INIT:
        return { ...base, kind: 'connInit', endpoint: this.#endpoint() };
      case KIND_CONN_ESTABLISHED:
        return { ...base, kind: 'connEstablished', rttUs: this.words[DATA_WORD]! >>> 0 };
      case KIND_CONN_CLOSED:
        return { ...base, kind: 'connClosed', code: first };
      case KIND_STREAM_OPENED:
        return { ...base, kind: 'streamOpened', streamId: first };
      case KIND_STREAM_DATA: {
        const length = this.words[DATA_WORD + 4]! >>> 0;
        return { ...base, kind: 'streamData', streamId: first, offset: second, length, fin: this.#u8[DATA_BYTE_OFFSET + 20] === 1 };
      }
      case KIND_STREAM_CLOSED:
        return { ...base, kind: 'streamClosed', streamId: first, code: second };
      case KIND_PACKET_SENT:
        return { ...base, kind: 'packetSent', size: this.words[DATA_WORD + 2]! >>> 0, packetNumber: first };
      case KIND_PACKET_RECEIVED:
        return { ...base, kind: 'packetReceived', size: this.words[DATA_WORD + 2]! >>> 0, packetNumber: first };
      case KIND_PACKET_LOST:
        return { ...base, kind: 'packetLost', packetNumber: first };
      case KIND_APP_START:
        return { ...base, kind: 'appStart', ...this.#appFields() };
      case KIND_APP_COMMAND:
        // The bytes first: a protocol that asks this log for something makes it decode other events.
        return { ...base, kind: 'appCommand', data: this.#bytes(APP_DATA_OFFSET, APP_DATA_OFFSET - 1), ...this.#appFields() };
      case KIND_APP_END:
        return { ...base, kind: 'appEnd', ok: this.#u8[DATA_BYTE_OFFSET + 6] === 1, ...this.#appFields() };
      case KIND_CUSTOM: {
        const codes = this.words[DATA_WORD]!;
        return { ...base, kind: 'custom', category: codes & 0xffff, code: codes >>> 16, data: this.#bytes(CUSTOM_DATA_OFFSET, CUSTOM_LENGTH_OFFSET) };
      }
      case KIND_SPAN_START:
        return { ...base, kind: 'spanStart', ...this.#spanFields() };
      case KIND_SPAN_END:
        return { ...base, kind: 'spanEnd', ...this.#spanFields(), ok: this.#u8[DATA_BYTE_OFFSET + 4] === 1 };
      default:
        return undefined;
    }
  }

  #endpoint(): string {
    const length = Math.min(this.#u8[DATA_BYTE_OFFSET]!, ENDPOINT_BYTES);
    return utf8Text(this.#u8.subarray(DATA_BYTE_OFFSET + 1, DATA_BYTE_OFFSET + 1 + length));
  }

  #bytes(offset: number, lengthOffset: number): Uint8Array {
    const start = DATA_BYTE_OFFSET + offset;
    return this.#u8.slice(start, start + this.#u8[DATA_BYTE_OFFSET + lengthOffset]!);
  }

  #appFields(): { appId: string; command: number; commandName: string | undefined } {
    const appId = this.#u8.slice(DATA_BYTE_OFFSET, DATA_BYTE_OFFSET + APP_ID_BYTES);
    const command = this.words[DATA_WORD + 1]! & 0xffff;
    return { appId: toHex(appId), command, commandName: this.#commandName(appId, command) };
  }

  /** The command may be of a peer's choice, and the protocol may not know it: that must not hide the event. */
  #commandName(appId: Uint8Array, command: number): string | undefined {
    // Asked from within a description: names would be asked for without end.
    if (this.#describing) return undefined;
    this.#describing = true;
    try {
      const name: unknown = this.#apps.get(appId)?.describeCommand(command);
      return typeof name === 'string' ? name : undefined;
    } catch {
      return undefined;
    } finally {
      this.#describing = false;
    }
  }

  #spanFields(): { nameId: number; name: string; parentSpanId: bigint } {
    const nameId = this.words[DATA_WORD]! >>> 0;
    return { nameId, name: this.#core.name(nameId), parentSpanId: this.#u64[DATA_U64 + 1]! };
  }

  #nodeId(index: number): string {
    let id = this.#nodeIds.get(index);
    if (id === undefined) {
      id = toHex(this.#core.nodeId(index));
      // Bounded by the table. An entry that is still being written is asked for again.
      if (index === 0 || /[^0]/.test(id)) this.#nodeIds.set(index, id);
    }
    return id;
  }
}
