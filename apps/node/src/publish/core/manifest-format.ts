/** 'D', 'T', 'M': the bytes that a manifest begins with, before its version. */
export const MANIFEST_MAGIC: Uint8Array = Uint8Array.of(0x44, 0x54, 0x4d);

/** The byte before every entry. */
export const ENTRY_TYPES = { directory: 0, file: 1, symlink: 2, hardlink: 3 } as const;

/** Permissions, set-id and sticky bits. */
export const MODE_BITS = 0o7777;
/** Those of them that let a program run as its owner or group. */
export const SET_ID_BITS = 0o6000;

/** Fewest bytes of an entry: type, length of its name, one byte of name, and one of the rest. */
export const LEAST_ENTRY_BYTES = 4;
/** Fewest bytes of an extent: hash and length. */
export const LEAST_EXTENT_BYTES = 33;
