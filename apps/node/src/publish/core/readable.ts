import { shownBytes } from './names.ts';
import { PublishError } from './publish-error.ts';
import type { DirectoryEntry } from './tree.ts';

const READ = 0o400;
const READ_AND_ENTER = 0o500;

/**
 * That the owner of a tree's files may read them all: others than root could write the tree, but neither cache nor copy it.
 * @throws PublishError PUBLISH_UNREADABLE
 */
export function assertReadable(root: DirectoryEntry): void {
  const visit = (directory: DirectoryEntry, path: string): void => {
    if ((directory.mode & READ_AND_ENTER) !== READ_AND_ENTER) throw unreadable(path === '' ? 'the tree itself' : `'${path}'`, directory.mode);
    for (const child of directory.children) {
      if (child.type !== 'directory' && child.type !== 'file') continue;
      const name = `${path === '' ? '' : `${path}/`}${shownBytes(child.name)}`;
      if (child.type === 'directory') visit(child, name);
      else if ((child.mode & READ) === 0) throw unreadable(`'${name}'`, child.mode);
    }
  };
  visit(root, '');
}

function unreadable(what: string, mode: number): PublishError {
  return new PublishError('PUBLISH_UNREADABLE', `${what} has mode ${mode.toString(8).padStart(3, '0')}, with which only root can read it: fetch the tree as root, or have its author publish it with other modes`);
}
