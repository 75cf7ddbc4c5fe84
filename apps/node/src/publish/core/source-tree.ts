import type { DirectoryEntry, Extent, FileEntry, HardlinkEntry, SymlinkEntry, TreeEntry } from './tree.ts';

/** A directory as it was found, in the order of the manifest; its files do not know their extents yet. */
export interface SourceDirectory extends Omit<DirectoryEntry, 'children'> {
  readonly children: readonly SourceEntry[];
}

export type SourceEntry = SourceDirectory | Omit<FileEntry, 'extents'> | SymlinkEntry | HardlinkEntry;

/** Joins what was found with the extents of the files, which are in the same order. */
export function withExtents(root: SourceDirectory, extents: readonly (readonly Extent[])[]): DirectoryEntry {
  let file = 0;
  const directory = (source: SourceDirectory): DirectoryEntry => ({ ...source, children: source.children.map(entry) });
  const entry = (source: SourceEntry): TreeEntry => {
    if (source.type === 'directory') return directory(source);
    return source.type === 'file' ? { ...source, extents: extents[file++]! } : source;
  };
  return directory(root);
}
