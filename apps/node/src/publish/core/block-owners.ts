import type { BlockId } from './block.ts';
import { shownBytes } from './names.ts';
import type { DirectoryEntry } from './tree.ts';

/** Which file first needs each of some blocks, as a path within the tree, for messages. */
export function blockOwners(root: DirectoryEntry): (id: BlockId) => string {
  let owners: Map<BlockId, string> | undefined;
  return (id) => (owners ??= collect(root)).get(id) ?? 'the manifest';
}

function collect(root: DirectoryEntry): Map<BlockId, string> {
  const owners = new Map<BlockId, string>();
  const visit = ({ children }: DirectoryEntry, path: string): void => {
    for (const child of children) {
      const name = path + shownBytes(child.name);
      if (child.type === 'directory') visit(child, `${name}/`);
      if (child.type !== 'file') continue;
      for (const { block } of child.extents) if (!owners.has(block)) owners.set(block, `'${name}'`);
    }
  };
  visit(root, '');
  return owners;
}
