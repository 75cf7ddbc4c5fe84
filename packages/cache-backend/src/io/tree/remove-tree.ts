import * as fs from 'node:fs';
import type { TreeNode } from '../../manifest.ts';
import { fsPath, joinBytes } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { dropFromPool } from './pool.ts';

/**
 * Removes a tree without following links, giving itself the right to where a directory denies it. What cannot be removed
 * does not keep the rest; the first failure is thrown at the end.
 */
export function removeTree(path: string): void {
  const failures: unknown[] = [];
  remove(path, failures);
  if (failures.length > 0) throw failures[0];
}

function remove(path: string, failures: unknown[]): void {
  try {
    const stat = fs.lstatSync(fsPath(path), { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isDirectory()) {
      fs.unlinkSync(fsPath(path));
      return;
    }
    if ((stat.mode & 0o700) !== 0o700) fs.chmodSync(fsPath(path), 0o700);
    for (const entry of fs.readdirSync(fsPath(path), { encoding: 'latin1', withFileTypes: true })) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) remove(child, failures);
      else {
        try {
          step('remove:file');
          fs.unlinkSync(fsPath(child));
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT') failures.push(error);
        }
      }
    }
    fs.rmdirSync(fsPath(path));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') failures.push(error);
  }
}

/** Takes a tree's files out of the pool as far as nothing else uses them. Before the tree itself is removed. */
export function releaseFromPool(pool: string, tree: string, nodes: readonly TreeNode[]): void {
  const members = new Map<string, number>();
  for (const { group } of nodes) if (group !== '-') members.set(group, (members.get(group) ?? 0) + 1);
  const seen = new Set<string>();
  for (const node of nodes) {
    if (node.type !== 'f' || node.size === 0 || seen.has(node.group)) continue;
    if (node.group !== '-') seen.add(node.group);
    const stat = fs.lstatSync(fsPath(joinBytes(tree, node.path)), { throwIfNoEntry: false });
    const ownLinks = members.get(node.group) ?? 1;
    if (stat?.isFile() === true && stat.nlink > ownLinks) dropFromPool(pool, node, stat, ownLinks);
  }
}
