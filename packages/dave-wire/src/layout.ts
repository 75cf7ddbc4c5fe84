/** Op bytes, the first byte of every message. */
export const OP_PING = 0;
export const OP_PONG = 1;
export const OP_PUT = 2;
export const OP_PUT_ACK = 3;
export const OP_GET = 4;
export const OP_GET_ACK = 5;
export const OP_GET_MY_ADDR_PORT = 6;
export const OP_GET_MY_ADDR_PORT_ACK = 7;

export const CHALLENGE_BYTES = 32;
export const SALT_BYTES = 16;
export const WORK_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_PREFIX_BYTES = 8;
/** IPv6 16 · port u16. */
export const ADDR_PORT_BYTES = 18;
/** challenge 32 · salt 16 · publicKey 32 · signature 64. */
export const SOLUTION_BYTES = 144;

/** Offsets inside an encoded dat; the key follows its length, the value its own. */
export const DAT_SALT = 8;
export const DAT_WORK = 24;
export const DAT_SIGNATURE = 56;
export const DAT_PUBLIC_KEY = 120;
export const DAT_KEY_LENGTH = 152;
export const DAT_KEY = 153;

/** Five u64, before the dat's length in an entry. */
export const REPLICAS_BYTES = 40;
/** Replicas and the dat's length: what an entry has beside its dat. */
export const ENTRY_OVERHEAD = 42;
/** Op and entry length, before the entry of a PUT or GET_ACK. */
export const ENTRY_OFFSET = 3;

export const PING_BYTES = 49;
export const PUT_ACK_BYTES = 18;
export const GET_MY_ADDR_PORT_ACK_BYTES = 19;
