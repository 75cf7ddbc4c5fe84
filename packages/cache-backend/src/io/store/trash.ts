import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { TREE_NAME } from '../../pointer.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import type { Layout } from './layout.ts';
import { releaseFromPool, removeTree } from '../tree/remove-tree.ts';
import { readManifest } from '../tree/verify-tree.ts';

/** Removes what is in the trash; several may do so at once. What cannot be removed stays for the next time. Returns how much is left. */
export function emptyTrash(root: string): number {
  const trash = `${root}/trash`;
  let left = 0;
  for (const name of fs.readdirSync(fsPath(trash), { encoding: 'latin1' })) {
    const path = `${trash}/${name}`;
    try {
      const tree = name.split('.', 1)[0] ?? '';
      const nodes = TREE_NAME.test(tree) ? readManifest(path, tree) : 'not a tree';
      if (typeof nodes !== 'string') releaseFromPool(`${root}/pool`, `${path}/tree`, nodes);
      step('trash:pool-released');
      removeTree(path);
      step('trash:removed');
    } catch {
      // Such as a mount point or an immutable file: it costs room, nothing else.
      left++;
    }
  }
  return left;
}

/** Moves something into the trash. */
export function trashPath(layout: Layout, path: string): void {
  const name = `${path.slice(path.lastIndexOf('/') + 1)}.${randomBytes(6).toString('hex')}`;
  try {
    fs.renameSync(fsPath(path), fsPath(layout.at('trash', name)));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
