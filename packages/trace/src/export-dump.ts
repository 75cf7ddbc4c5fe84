import { encode } from '@msgpack/msgpack';
import type { DumpOptions, TraceEvent } from '@p2p/trace-noop';
import { crc32 } from './crc32.ts';
import { BLOCK_HEADER_BYTES, BLOCK_MARKER, DUMP_HEADER_BYTES, DUMP_MAGIC, DUMP_VERSION, KIND_FIELDS } from './dump-format.ts';
import { MAX_BLOCK_EVENTS } from './dump-content.ts';
import { fromHex } from './text-bytes.ts';

const DEFAULT_BLOCK_EVENTS = 256;

function recordOf(event: TraceEvent): Record<string, unknown> {
  const { kind, sequence, lane, timeUs, traceId, spanId, nodeId, peerId, flags, truncated } = event;
  const record: Record<string, unknown> = { kind, sequence, lane, timeUs, spanId, nodeId: fromHex(nodeId), flags };
  if (traceId !== undefined) record['traceId'] = fromHex(traceId);
  if (peerId !== undefined) record['peerId'] = fromHex(peerId);
  if (truncated) record['truncated'] = true;
  for (const [name, type] of Object.entries(KIND_FIELDS[kind]!)) {
    const value = (event as unknown as Record<string, unknown>)[name];
    if (value !== undefined) record[name] = type === 'appId' ? fromHex(value as string) : value;
  }
  return record;
}

function blockOf(events: readonly TraceEvent[]): Uint8Array {
  const content = encode(events.map(recordOf), { useBigInt64: true });
  const block = new Uint8Array(BLOCK_HEADER_BYTES + content.length);
  const view = new DataView(block.buffer);
  view.setUint32(0, BLOCK_MARKER, true);
  view.setUint32(4, content.length, true);
  view.setUint32(8, crc32(content), true);
  block.set(content, BLOCK_HEADER_BYTES);
  return block;
}

/** @throws {TypeError} `blockEvents` is out of bounds. */
export function writeDump(events: readonly TraceEvent[], options: DumpOptions = {}): Uint8Array {
  const blockEvents = options.blockEvents ?? DEFAULT_BLOCK_EVENTS;
  if (!Number.isInteger(blockEvents) || blockEvents < 1 || blockEvents > MAX_BLOCK_EVENTS) {
    throw new TypeError(`blockEvents is ${blockEvents}; it must be from 1 to ${MAX_BLOCK_EVENTS}.`);
  }
  const blocks: Uint8Array[] = [];
  for (let from = 0; from < events.length; from += blockEvents) blocks.push(blockOf(events.slice(from, from + blockEvents)));
  blocks.push(blockOf([]));
  const dump = new Uint8Array(blocks.reduce((size, block) => size + block.length, DUMP_HEADER_BYTES));
  dump.set(DUMP_MAGIC);
  dump[DUMP_MAGIC.length] = DUMP_VERSION;
  let at = DUMP_HEADER_BYTES;
  for (const block of blocks) {
    dump.set(block, at);
    at += block.length;
  }
  return dump;
}
