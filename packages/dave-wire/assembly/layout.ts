// Where things lie in the one page of memory that all modules share. Nothing is allocated: every
// call is synchronous and leaves nothing behind that the next one relies on, except a digest in
// the middle of a multi-window input and the digest of the signature being worked on.

/** Result of the last hash: 32 bytes. */
export const OUTPUT: u32 = 0;
/** Digest of the signature that is worked on: 32 bytes, message words 4 to 11 of every candidate. */
export const WORK_DIGEST: u32 = 64;
/** Chaining value of the chunk in progress: 32 bytes. */
export const CHAIN: u32 = 128;
/** State of xxHash64 between two windows: 4 × u64. */
export const XX_STATE: u32 = 192;
/** Byte shuffles that rotate each 32-bit lane right by 16 and by 8: 2 × 16 bytes. */
export const ROTATIONS: u32 = 256;
/** Per-search constants, each in all four lanes: up to 96 × 16 bytes. */
export const SPLATS: u32 = 512;
/** Chaining values of finished subtrees, largest first: 32 bytes × 33 levels. */
export const SUBTREES: u32 = 4096;
/** Input window. JavaScript fills it; a longer input arrives one full window after the other. */
export const INPUT: u32 = 16384;
/** A multiple of a BLAKE3 chunk (1024) and of an xxHash64 stripe (32). */
export const WINDOW: u32 = 16384;
