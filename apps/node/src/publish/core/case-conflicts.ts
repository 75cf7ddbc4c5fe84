import { shownBytes } from './names.ts';
import { PublishError } from './publish-error.ts';
import type { DirectoryEntry } from './tree.ts';

/** What a file system that does not tell case, or forms of accents, apart may make of a name. */
export function foldedName(name: Uint8Array): string {
  return shownBytes(name).normalize('NFC').toLowerCase().toUpperCase().normalize('NFC');
}

/**
 * Refuses a tree in which two names of one directory would be one file.
 * @throws PublishError PUBLISH_CASE_CONFLICT
 */
export function assertNoCaseConflicts(root: DirectoryEntry): void {
  const names = new Map<string, Uint8Array>();
  for (const child of root.children) {
    const folded = foldedName(child.name);
    const other = names.get(folded);
    if (other !== undefined) {
      throw new PublishError('PUBLISH_CASE_CONFLICT', `'${shownBytes(other)}' and '${shownBytes(child.name)}' of one directory are the same name to this file system: fetch the tree onto one that tells case apart`);
    }
    names.set(folded, child.name);
    if (child.type === 'directory') assertNoCaseConflicts(child);
  }
}
