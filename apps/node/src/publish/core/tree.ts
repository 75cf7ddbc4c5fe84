import type { BlockId } from './block.ts';

/** A stretch of a file: `length` bytes of a block of `blockLength` bytes, from `offset` on. */
export interface Extent {
  readonly block: BlockId;
  readonly blockLength: number;
  readonly offset: number;
  readonly length: number;
}

interface Named {
  /** As the file system has it: not only UTF-8. Empty for the root. */
  readonly name: Uint8Array;
}

interface Dated {
  /** Unix ms, may be negative. */
  readonly mtimeMs: number;
}

interface Moded {
  /** The low twelve bits: permissions, set-id, sticky. */
  readonly mode: number;
}

export interface DirectoryEntry extends Named, Dated, Moded {
  readonly type: 'directory';
  /** In ascending order of their names' bytes. */
  readonly children: readonly TreeEntry[];
}

export interface FileEntry extends Named, Dated, Moded {
  readonly type: 'file';
  readonly size: number;
  /** The content, in order; their lengths add up to `size`. */
  readonly extents: readonly Extent[];
}

export interface SymlinkEntry extends Named, Dated {
  readonly type: 'symlink';
  /** Verbatim, never followed. */
  readonly target: Uint8Array;
}

/** Another name of a file that came before in the order of the manifest. */
export interface HardlinkEntry extends Named {
  readonly type: 'hardlink';
  /** Which of the files, counted from 0 in the order of the manifest, hardlinks left out. */
  readonly file: number;
}

export type TreeEntry = DirectoryEntry | FileEntry | SymlinkEntry | HardlinkEntry;

/** What a tree amounts to. */
export interface TreeTotals {
  /** Of every type, the root not counted. */
  readonly entries: number;
  /** Of all files together, hardlinks counted once. */
  readonly contentBytes: number;
}
