import { tracePeer, type CustomEvent, type TraceContext, type TraceEvent, type TracePeer } from '../../src/index.ts';

/** Data: writer u32, number u32, 32 bytes that follow from both, checksum u32 over them and the ids. */
export const DATA_BYTES = 44;

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x0100_0193);
}

function checksum(data: Uint8Array, traceId: Uint8Array, peerId: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < 40; at += 1) hash = mix(hash, data[at]!);
  for (const byte of traceId) hash = mix(hash, byte);
  for (const byte of peerId) hash = mix(hash, byte);
  return hash >>> 0;
}

/** What a writer needs to fill one event after the other into `data`. */
export class ChecksummedWriter {
  readonly data: Uint8Array = new Uint8Array(DATA_BYTES);
  readonly peer: TracePeer;
  readonly #view = new DataView(this.data.buffer);
  readonly #writer: number;
  readonly #peerId: Uint8Array;
  readonly #traceIds = new Map<TraceContext, Uint8Array>();
  #number = 0;

  constructor(writer: number) {
    this.#writer = writer;
    this.#peerId = Uint8Array.from({ length: 32 }, (_, at) => writer * 31 + at);
    this.peer = tracePeer(this.#peerId);
  }

  next(context: TraceContext): void {
    this.#number += 1;
    this.#view.setUint32(0, this.#writer);
    this.#view.setUint32(4, this.#number);
    this.data.fill((this.#number * 7 + this.#writer) & 255, 8, 40);
    let traceId = this.#traceIds.get(context);
    if (traceId === undefined) this.#traceIds.set(context, (traceId = context.traceId));
    this.#view.setUint32(40, checksum(this.data, traceId, this.#peerId));
  }
}

/** Undefined: every part of the event is of one and the same writing. Else what is wrong. */
export function complaintAbout(event: TraceEvent): string | undefined {
  if (event.kind !== 'custom') return `kind ${event.kind}`;
  const { data, traceId, peerId, spanId, nodeId } = event satisfies CustomEvent;
  if (data.length !== DATA_BYTES) return `${data.length} bytes`;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const writer = view.getUint32(0);
  const number = view.getUint32(4);
  if (event.category !== (writer & 0xffff) || event.code !== (number & 0xffff)) return `category ${event.category}, code ${event.code} of writer ${writer}, event ${number}`;
  // Nodes are numbered as writers are, and span ids follow from trace ids.
  if (nodeId !== (writer + 1).toString(16).padStart(2, '0').repeat(32)) return `node ${nodeId} of writer ${writer}`;
  if (traceId === undefined || peerId === undefined) return 'an id is missing';
  if (spanId !== BigInt(`0x${traceId.slice(0, 16)}`)) return `span ${spanId} of trace ${traceId}`;
  if (checksum(data, Buffer.from(traceId, 'hex'), Buffer.from(peerId, 'hex')) !== view.getUint32(40)) return `checksum of writer ${writer}, event ${number}`;
  return undefined;
}
