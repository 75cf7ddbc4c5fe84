/*
 * A dump: the 8 bytes `P2PTRACE`, version u8, then blocks, little-endian:
 *
 *   marker u32 · length u32 · CRC-32 of the content u32 · content
 *
 * The content is a msgpack array of events, each a map of the fields of `TraceEvent`: ids as bytes, 64-bit
 * numbers as uint 64, absent ones left out. The last block is an empty array, so that a file that was cut
 * between two blocks is seen to be.
 */
export const DUMP_MAGIC: Uint8Array = /* @__PURE__ */ new TextEncoder().encode('P2PTRACE');
export const DUMP_VERSION = 1;
export const DUMP_HEADER_BYTES = 9;
export const BLOCK_MARKER = 0x4b4c_4254;
export const BLOCK_HEADER_BYTES = 12;

/** What a field of an event is. */
export type FieldType = 'u16' | 'u32' | 'u64' | 'text' | 'text?' | 'bytes' | 'appId' | 'boolean';

const APP_FIELDS = { appId: 'appId', command: 'u16', commandName: 'text?' } as const;
const SPAN_FIELDS = { nameId: 'u32', name: 'text', parentSpanId: 'u64' } as const;

/** The fields that only events of one kind have. */
export const KIND_FIELDS: Readonly<Record<string, Readonly<Record<string, FieldType>>>> = {
  connInit: { endpoint: 'text' },
  connEstablished: { rttUs: 'u32' },
  connClosed: { code: 'u64' },
  streamOpened: { streamId: 'u64' },
  streamData: { streamId: 'u64', offset: 'u64', length: 'u32', fin: 'boolean' },
  streamClosed: { streamId: 'u64', code: 'u64' },
  packetSent: { size: 'u32', packetNumber: 'u64' },
  packetReceived: { size: 'u32', packetNumber: 'u64' },
  packetLost: { packetNumber: 'u64' },
  appStart: APP_FIELDS,
  appCommand: { ...APP_FIELDS, data: 'bytes' },
  appEnd: { ...APP_FIELDS, ok: 'boolean' },
  custom: { category: 'u16', code: 'u16', data: 'bytes' },
  spanStart: SPAN_FIELDS,
  spanEnd: { ...SPAN_FIELDS, ok: 'boolean' },
};
