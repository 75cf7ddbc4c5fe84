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
import { readU16, readU64 } from './integers.ts';
import type { Extensions } from './message.ts';

/**
 * The known items of the block that starts at `start` and runs to the end of `bytes`. Undefined where no
 * block is, where it holds no known item, and where any part of it is malformed: an item that runs past the
 * end, a known item of another length, or one that is there twice. Padding may repeat: an item holds 255
 * bytes of it at most.
 */
export function readExtensions(bytes: Uint8Array, start: number): Extensions | undefined {
  const end = bytes.length;
  if (end < start + MARKER_BYTES || bytes[start] !== MARKER_0 || bytes[start + 1] !== MARKER_1) return undefined;
  const extensions: Extensions = {};
  let known = false;
  let offset = start + MARKER_BYTES;
  while (offset < end) {
    if (offset + ITEM_HEADER_BYTES > end) return undefined;
    const type = bytes[offset]!;
    const length = bytes[offset + 1]!;
    offset += ITEM_HEADER_BYTES;
    if (offset + length > end) return undefined;
    if (type <= ITEM_TARGET) {
      if (!readItem(extensions, type, bytes, offset, length)) return undefined;
      known = true;
    }
    offset += length;
  }
  return known ? extensions : undefined;
}

/** Whether the item was well-formed and new. */
function readItem(extensions: Extensions, type: number, bytes: Uint8Array, offset: number, length: number): boolean {
  switch (type) {
    case ITEM_PADDING:
      // What was padded is the whole message, so its length is what the item means.
      extensions.padToBytes = bytes.length;
      return true;
    case ITEM_TRACE:
      if (length !== TRACE_BYTES || extensions.trace !== undefined) return false;
      extensions.trace = {
        traceId: new Uint8Array(bytes.buffer, bytes.byteOffset + offset, 16),
        spanId: readU64(bytes, offset + 16),
        startUs: readU64(bytes, offset + 24),
        flags: bytes[offset + 32]!,
      };
      return true;
    case ITEM_REQUEST_ID:
      if (length !== REQUEST_ID_BYTES || extensions.requestId !== undefined) return false;
      extensions.requestId = readU64(bytes, offset);
      return true;
    case ITEM_CAPABILITIES: {
      if (length !== CAPABILITIES_BYTES || extensions.capabilities !== undefined) return false;
      const bits = bytes[offset]!;
      extensions.capabilities = {
        putAck: (bits & CAPABILITY_PUT_ACK) !== 0,
        directedDiscovery: (bits & CAPABILITY_DIRECTED_DISCOVERY) !== 0,
        client: (bits & CAPABILITY_CLIENT) !== 0,
        protocolVersion: readU16(bytes, offset + 4),
      };
      return true;
    }
    default:
      if (length !== TARGET_BYTES || extensions.target !== undefined) return false;
      extensions.target = readU64(bytes, offset);
      return true;
  }
}
