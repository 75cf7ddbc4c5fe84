/** Largest message in bytes. */
export const MAX_PACKET = 1424;
/** Replicas per dat. */
export const FANOUT = 5;
/** Largest number of addresses in a PONG. */
export const MAX_PEERS_IN_PONG = 12;
/** Least leading zero bits of work that are accepted. */
export const MIN_WORK = 8;
/** One pick in PROBE ignores reliability. */
export const PROBE = 12;
/** The Go node's ping interval. */
export const PING_MS = 1000;
/** Ping intervals until a peer that answers counts as active. */
export const ACTIVATE_AFTER = 5;
/** Silent ping intervals until an active peer is inactive. */
export const DEACTIVATE_AFTER = 3;
/** Silent ping intervals until a peer is forgotten. */
export const DROP_AFTER = 12;
/** How often a node asks for its own address. */
export const GET_MY_ADDR_MS = 600_000;
/** How often replicas are recomputed. */
export const REPLICATE_MS = 600_000;
/** Life of a dat: 365 days. */
export const TTL_MS = 31_536_000_000;
/** Bytes of an encoded dat beside key and value. */
export const DAT_OVERHEAD = 155;
/** Longest key in bytes of UTF-8. */
export const MAX_KEY_BYTES = 255;
/** Most bytes of key and value together that a PUT can carry. */
export const MAX_KEY_AND_VALUE_BYTES = 1224;
