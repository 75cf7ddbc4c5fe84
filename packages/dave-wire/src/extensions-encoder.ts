import { MAX_PACKET } from './constants.ts';
import {
  CAPABILITIES_BYTES,
  CAPABILITY_CLIENT,
  CAPABILITY_DIRECTED_DISCOVERY,
  CAPABILITY_PUT_ACK,
  ITEM_CAPABILITIES,
  ITEM_HEADER_BYTES,
  ITEM_PADDING,
  ITEM_REQUEST_ID,
  ITEM_TARGET,
  ITEM_TRACE,
  MARKER_0,
  MARKER_1,
  MARKER_BYTES,
  REQUEST_ID_BYTES,
  TARGET_BYTES,
  TRACE_BYTES,
} from './extension-items.ts';
import { requireBytes, requireU64, requireUint } from './field-checks.ts';
import { writeU16, writeU64 } from './integers.ts';
import type { Extensions } from './message.ts';

const TRACE_ID_BYTES = 16;
const LARGEST_ITEM = ITEM_HEADER_BYTES + 255;

/** Bytes of an item with its header, 0 if the message does not have it. Padding is sized last and apart. */
function itemSize(extensions: Extensions, type: number): number {
  switch (type) {
    case ITEM_TRACE:
      return extensions.trace === undefined ? 0 : ITEM_HEADER_BYTES + TRACE_BYTES;
    case ITEM_REQUEST_ID:
      return extensions.requestId === undefined ? 0 : ITEM_HEADER_BYTES + REQUEST_ID_BYTES;
    case ITEM_CAPABILITIES:
      return extensions.capabilities === undefined ? 0 : ITEM_HEADER_BYTES + CAPABILITIES_BYTES;
    default:
      return extensions.target === undefined ? 0 : ITEM_HEADER_BYTES + TARGET_BYTES;
  }
}

/** The highest item that is sent behind `bodySize` bytes of message: those above it are dropped until the rest fits. */
function lastItemThatFits(extensions: Extensions, bodySize: number): number {
  let room = MAX_PACKET - bodySize - MARKER_BYTES;
  for (let type = ITEM_TRACE; type <= ITEM_TARGET; type += 1) {
    room -= itemSize(extensions, type);
    if (room < 0) return type - 1;
  }
  return ITEM_TARGET;
}

function itemsSize(extensions: Extensions, last: number): number {
  let size = 0;
  for (let type = ITEM_TRACE; type <= last; type += 1) size += itemSize(extensions, type);
  return size;
}

/**
 * Bytes of padding items behind `used` bytes of message. Padding takes what the other items leave, and never
 * more than asked for: a single byte is too little for an item and stays off.
 */
function paddingSize(padToBytes: number | undefined, used: number): number {
  if (padToBytes === undefined) return 0;
  requireUint(padToBytes, MAX_PACKET, 'padToBytes');
  const gap = padToBytes - used;
  return gap < ITEM_HEADER_BYTES ? 0 : gap;
}

/** Bytes of the extension block that is written behind `bodySize` bytes of message; 0 where nothing fits. */
export function extensionsSize(extensions: Extensions | undefined, bodySize: number): number {
  if (extensions === undefined) return 0;
  const items = itemsSize(extensions, lastItemThatFits(extensions, bodySize));
  const size = MARKER_BYTES + items + paddingSize(extensions.padToBytes, bodySize + MARKER_BYTES + items);
  return size === MARKER_BYTES ? 0 : size;
}

/** Writes the block at `offset`, behind `bodySize` bytes of message, `size` bytes in all (`extensionsSize`). */
export function writeExtensions(extensions: Extensions, bodySize: number, size: number, target: Uint8Array, offset: number): void {
  if (size === 0) return;
  const last = lastItemThatFits(extensions, bodySize);
  const end = offset + size;
  target[offset] = MARKER_0;
  target[offset + 1] = MARKER_1;
  let position = offset + MARKER_BYTES;
  const { trace, requestId, capabilities, target: wanted } = extensions;
  if (trace !== undefined && last >= ITEM_TRACE) {
    position = writeHeader(ITEM_TRACE, TRACE_BYTES, target, position);
    requireBytes(trace.traceId, TRACE_ID_BYTES, 'traceId');
    requireU64(trace.spanId, 'spanId');
    requireU64(trace.startUs, 'startUs');
    requireUint(trace.flags, 255, 'flags');
    target.set(trace.traceId, position);
    writeU64(trace.spanId, target, position + 16);
    writeU64(trace.startUs, target, position + 24);
    target[position + 32] = trace.flags;
    position += TRACE_BYTES;
  }
  if (requestId !== undefined && last >= ITEM_REQUEST_ID) {
    position = writeHeader(ITEM_REQUEST_ID, REQUEST_ID_BYTES, target, position);
    requireU64(requestId, 'requestId');
    writeU64(requestId, target, position);
    position += REQUEST_ID_BYTES;
  }
  if (capabilities !== undefined && last >= ITEM_CAPABILITIES) {
    position = writeHeader(ITEM_CAPABILITIES, CAPABILITIES_BYTES, target, position);
    const { putAck, directedDiscovery, client, protocolVersion } = capabilities;
    requireUint(protocolVersion, 65_535, 'protocolVersion');
    target[position] = (putAck ? CAPABILITY_PUT_ACK : 0) | (directedDiscovery ? CAPABILITY_DIRECTED_DISCOVERY : 0) | (client ? CAPABILITY_CLIENT : 0);
    target.fill(0, position + 1, position + 4);
    writeU16(protocolVersion, target, position + 4);
    position += CAPABILITIES_BYTES;
  }
  if (wanted !== undefined && last >= ITEM_TARGET) {
    position = writeHeader(ITEM_TARGET, TARGET_BYTES, target, position);
    requireU64(wanted, 'target');
    writeU64(wanted, target, position);
    position += TARGET_BYTES;
  }
  writePadding(target, position, end);
}

function writeHeader(type: number, length: number, target: Uint8Array, offset: number): number {
  target[offset] = type;
  target[offset + 1] = length;
  return offset + ITEM_HEADER_BYTES;
}

function writePadding(target: Uint8Array, start: number, end: number): void {
  let position = start;
  while (position < end) {
    const left = end - position;
    // One byte would be left over behind a full item and could not be filled.
    const item = left === LARGEST_ITEM + 1 ? LARGEST_ITEM - 1 : Math.min(left, LARGEST_ITEM);
    writeHeader(ITEM_PADDING, item - ITEM_HEADER_BYTES, target, position);
    target.fill(0, position + ITEM_HEADER_BYTES, position + item);
    position += item;
  }
}
