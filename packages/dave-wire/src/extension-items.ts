/*
 * The extension block: marker D5 01, then items of type u8 · length u8 · bytes. The Go node ignores
 * whatever follows a complete message, so the block travels behind any message but a PONG.
 */
export const MARKER_0 = 0xd5;
export const MARKER_1 = 0x01;
export const MARKER_BYTES = 2;
export const ITEM_HEADER_BYTES = 2;

export const ITEM_PADDING = 0;
export const ITEM_TRACE = 1;
export const ITEM_REQUEST_ID = 2;
export const ITEM_CAPABILITIES = 3;
export const ITEM_TARGET = 4;

/** Trace id 16 · span id 8 · start µs u64 · flags u8. */
export const TRACE_BYTES = 33;
export const REQUEST_ID_BYTES = 8;
/** Bits u32 · protocol version u16. */
export const CAPABILITIES_BYTES = 6;
export const TARGET_BYTES = 8;

export const CAPABILITY_PUT_ACK = 1;
export const CAPABILITY_DIRECTED_DISCOVERY = 2;
export const CAPABILITY_CLIENT = 4;
