/*
 * An event is 32 words of 4 bytes, little-endian:
 *
 *   word 0       commit: sequence + 1 once complete, 0 while being written
 *   word 1       kind u8 · flags u8 · node u16
 *   words 2-3    time, Unix µs, f64
 *   words 4-7    trace id
 *   words 8-15   peer id, zero: none
 *   words 16-31  data by kind; in all kinds words 30-31 are the span's id, u64
 */
export const EVENT_WORDS = 32;
export const EVENT_BYTES = 128;

/** Index into 8-byte words. */
export const AT_TIME_F64 = 1;
export const AT_TRACE = 4;
export const AT_PEER = 8;
export const DATA_BYTE_OFFSET = 64;

export const FLAG_SAMPLED = 1;
export const FLAG_DEBUG = 2;
export const FLAG_APP_INITIATED = 4;
export const FLAG_TRUNCATED = 8;
/** What a context may carry. */
export const CONTEXT_FLAGS: number = FLAG_SAMPLED | FLAG_DEBUG | FLAG_APP_INITIATED;

/*
 * Kinds, and what their data holds by byte:
 *
 *   connInit         length u8 @0 · endpoint, UTF-8 @1
 *   connEstablished  rttUs u32 @0
 *   connClosed       code u64 @0
 *   streamOpened     id u64 @0
 *   streamData       id u64 @0 · offset u64 @8 · length u32 @16 · fin u8 @20
 *   streamClosed     id u64 @0 · code u64 @8
 *   packet…          number u64 @0 · size u32 @8
 *   app…             appId 4 @0 · command u16 @4 · ok u8 @6 · length u8 @7 · data 42 @8
 *   custom           category u16 @0 · code u16 @2 · data 44 @4 · length u8 @48
 *   span…            name u32 @0 · ok u8 @4 · parent span u64 @8
 */
export const KIND_CONN_INIT = 1;
export const KIND_CONN_ESTABLISHED = 2;
export const KIND_CONN_CLOSED = 3;
export const KIND_STREAM_OPENED = 4;
export const KIND_STREAM_DATA = 5;
export const KIND_STREAM_CLOSED = 6;
export const KIND_PACKET_SENT = 7;
export const KIND_PACKET_RECEIVED = 8;
export const KIND_PACKET_LOST = 9;
export const KIND_APP_START = 10;
export const KIND_APP_COMMAND = 11;
export const KIND_APP_END = 12;
export const KIND_CUSTOM = 13;
export const KIND_SPAN_START = 14;
export const KIND_SPAN_END = 15;

/** A bit for each kind whose data reaches beyond word 19. In slots of all others words 20 to 29 are zero. */
export const LONG_KINDS: number =
  (1 << KIND_CONN_INIT) | (1 << KIND_STREAM_DATA) | (1 << KIND_APP_START) | (1 << KIND_APP_COMMAND) | (1 << KIND_APP_END) | (1 << KIND_CUSTOM);

/** Bytes of UTF-8 that an endpoint may have: one byte of the data is its length, eight are the span's id. */
export const ENDPOINT_BYTES = 55;
export const APP_ID_BYTES = 4;
export const APP_DATA_BYTES = 42;
export const CUSTOM_DATA_BYTES = 44;
/** Offsets of bytes within the data. */
export const APP_DATA_OFFSET = 8;
export const CUSTOM_DATA_OFFSET = 4;
export const CUSTOM_LENGTH_OFFSET = 48;
