import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import type { TreeNode } from '../../manifest.ts';
import { fsPath, joinBytes } from '../byte-path.ts';
import { applyToFile, applyToLink, applyToPath, makeRoot } from './attributes.ts';
import { SparseWriter } from './copy-bytes.ts';
import { makeSpecial } from './special-files.ts';

const CREATE: number = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;

/** Writes the content of a file by calling `write` with its pieces in order; fails unless it was all and right. */
export type FetchContent = (node: TreeNode, write: (bytes: Uint8Array) => void) => Promise<void>;

/**
 * Builds the tree that a parsed manifest describes. `target` must not exist; every path is below it and leads through
 * directories made here, so that no link is ever followed. After a failure a part of the tree is left.
 */
export async function assembleTree(nodes: readonly TreeNode[], target: string, fetch: FetchContent, inParallel: (nodes: readonly TreeNode[], fn: (node: TreeNode) => Promise<void>) => Promise<void>): Promise<void> {
  for (const { path, type, uid } of nodes) {
    if (path === '.') makeRoot(target, uid !== -1);
    else if (type === 'd') fs.mkdirSync(fsPath(joinBytes(target, path)), { mode: 0o700 });
  }
  const leaders = new Map<string, TreeNode>();
  const files: TreeNode[] = [];
  const followers: TreeNode[] = [];
  for (const node of nodes) {
    if (node.type !== 'f') continue;
    if (node.group !== '-' && leaders.has(node.group)) followers.push(node);
    else files.push(node);
    if (node.group !== '-' && !leaders.has(node.group)) leaders.set(node.group, node);
  }
  await inParallel(files, (node) => writeFile(joinBytes(target, node.path), node, fetch));
  for (const node of followers) {
    const leader = leaders.get(node.group);
    if (leader === undefined) throw new CacheError('CACHE_CORRUPT', 'a hardlink group without a first member');
    fs.linkSync(fsPath(joinBytes(target, leader.path)), fsPath(joinBytes(target, node.path)));
  }
  for (const node of nodes) {
    const path = joinBytes(target, node.path);
    if (node.type === 'l') {
      fs.symlinkSync(fsPath(node.target), fsPath(path));
      applyToLink(path, node);
    } else if (node.type !== 'f' && node.type !== 'd') await makeSpecial(target, path, node);
  }
  // Deepest first: a directory may lock us out once it has its mode, and what is made in it changes its time.
  for (const node of nodes.toReversed()) if (node.type === 'd') applyToPath(joinBytes(target, node.path), node);
}

async function writeFile(path: string, node: TreeNode, fetch: FetchContent): Promise<void> {
  const fd = fs.openSync(fsPath(path), CREATE, 0o600);
  try {
    const writer = new SparseWriter(fd);
    if (node.size > 0) await fetch(node, (bytes) => writer.write(bytes));
    writer.end();
    applyToFile(fd, node, -1);
  } finally {
    fs.closeSync(fd);
  }
}
