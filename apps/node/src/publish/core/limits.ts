/** Version of the format that is written; others are refused. */
export const FORMAT_VERSION = 1;

/** Longest value of a block: with its key it leaves room in a packet for the request id of our own nodes. */
export const MAX_BLOCK_BYTES = 1165;
/** Bytes of a BLAKE3-256 hash. */
export const HASH_BYTES = 32;

/** Children of an index page; only the last page of a level may have fewer. */
export const INDEX_FANOUT = 32;
/** Every leaf of the manifest but the last has at least this many bytes, so that no small manifest has many pages. */
export const MIN_LEAF_BYTES = 512;

/** Bounds of one tree. What is above them is neither written nor read. */
export const LIMITS = {
  manifestBytes: 64 * 1024 * 1024,
  entries: 262_144,
  /** Of all files together, hardlinks counted once. */
  contentBytes: 2 ** 40,
  depth: 128,
  nameBytes: 255,
  /** Of a path within the tree, separators included. */
  pathBytes: 2048,
  symlinkBytes: 4095,
  /** Of a tree's published name in UTF-8. */
  treeNameBytes: 200,
} as const;

/** Largest distance from 1970 that a time may have, in milliseconds: both signs of it fit a varint. */
export const MAX_TIME_MS = 2 ** 52 - 1;
