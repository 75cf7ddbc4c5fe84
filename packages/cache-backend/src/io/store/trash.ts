import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { parseManifest, type TreeNode } from '../../manifest.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf, unless } from '../errno.ts';
import { step } from '../faults.ts';
import type { Layout } from './layout.ts';
import { MAX_MANIFEST_BYTES } from '../tree/verify-tree.ts';
import { releaseFromPool, removeTree } from '../tree/remove-tree.ts';

/** Removes what is in the trash; several may do so at once. What cannot be removed stays for the next time. Returns how much is left. */
export function emptyTrash(root: string): number {
  const trash = `${root}/trash`;
  let left = 0;
  for (const name of fs.readdirSync(fsPath(trash), { encoding: 'latin1' })) {
    const path = `${trash}/${name}`;
    try {
      for (const container of containersIn(path)) {
        const nodes = readNodes(container);
        if (nodes !== undefined) releaseFromPool(`${root}/pool`, `${container}/tree`, nodes);
      }
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

/** The thing itself, or what lies in the directory of a dead owner. */
function containersIn(path: string): string[] {
  const names = unless(['ENOENT', 'ENOTDIR'], () => fs.readdirSync(fsPath(path), { encoding: 'latin1' })) ?? [];
  return names.includes('manifest') ? [path] : names.filter((name) => name.startsWith('tree-')).map((name) => `${path}/${name}`);
}

/** What a manifest says is in a tree. It need not be true any more: names in the pool are compared by inode. */
function readNodes(container: string): TreeNode[] | undefined {
  const text = unless(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP'], () => {
    const fd = fs.openSync(fsPath(`${container}/manifest`), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    try {
      return fs.fstatSync(fd).size > MAX_MANIFEST_BYTES ? undefined : fs.readFileSync(fd, 'latin1');
    } finally {
      fs.closeSync(fd);
    }
  });
  return text === undefined ? undefined : parseManifest(text);
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
