import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import { MANIFEST_HEADER, parseNode, type TreeNode } from '../../manifest.ts';
import { escapeBytes } from '../../escape.ts';
import { fsPath, joinBytes } from '../byte-path.ts';
import { step } from '../faults.ts';
import { applyToPath } from './attributes.ts';
import { sha256 } from './copy-bytes.ts';
import { makeSpecial } from './special-files.ts';
import type { CopyResult, TreeCopy } from './tree-copy.ts';

/** Largest manifest, which is about 3 million files. */
const MAX_MANIFEST_CHARS = 400_000_000;

export interface Finished {
  readonly manifest: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly sharedBytes: number;
  readonly files: number;
  /** A file has names outside the tree too. */
  readonly hasOutsideLinks: boolean;
}

/** Puts the threads' results together: hard links, special files, then the attributes of directories; and the manifest. */
export async function finishCopy(copy: TreeCopy, results: readonly CopyResult[], target: string | undefined): Promise<Finished> {
  const own = copy.result.lines.length;
  const lines = [...results, copy.result].flatMap(({ lines }) => lines);
  const followers = [...results, copy.result].flatMap(({ followers }) => followers);
  linkFollowers(copy, lines, followers, target);
  // What had to be copied after all.
  for (const line of copy.result.lines.slice(own)) lines.push(line);
  if (lines.reduce((sum, line) => sum + line.length, 0) > MAX_MANIFEST_CHARS) throw new CacheError('CACHE_TOO_LARGE', 'the tree has too many files for one entry');
  lines.sort();
  // The root's name sorts among the others; it comes first.
  const root = lines.findIndex((line) => line.startsWith('. '));
  lines.unshift(...lines.splice(root, 1));
  const hasOutsideLinks = numberGroups(lines);
  if (target !== undefined) await finishNodes(lines, target);
  step('put:attributes');
  const manifest = `${MANIFEST_HEADER}\n${lines.join('\n')}\n`;
  const sum = (field: 'sizeBytes' | 'allocatedBytes' | 'sharedBytes' | 'files'): number => [...results, copy.result].reduce((total, result) => total + result[field], 0);
  return {
    manifest,
    digest: sha256(manifest),
    sizeBytes: sum('sizeBytes'),
    allocatedBytes: sum('allocatedBytes'),
    sharedBytes: sum('sharedBytes'),
    files: sum('files'),
    hasOutsideLinks,
  };
}

function linkFollowers(copy: TreeCopy, lines: string[], followers: CopyResult['followers'], target: string | undefined): void {
  if (followers.length === 0) return;
  const leaders = new Map<string, string>();
  for (const line of lines) {
    const group = groupOf(line);
    if (group?.startsWith('@') === true) leaders.set(group, line);
  }
  for (const [group, path] of followers) {
    const leader = leaders.get(group);
    if (leader === undefined) {
      // Its mark was taken by another file's: it is the first of its own.
      const before = copy.result.lines.length;
      copy.copyAgain(path);
      const line = copy.result.lines[before];
      if (line !== undefined) leaders.set(group, line);
      continue;
    }
    const node = parseNode(leader.slice(0, leader.lastIndexOf(' ')).concat(' -'));
    if (node === undefined) throw new CacheError('CACHE_CORRUPT', 'a line of the manifest cannot be read back');
    if (target !== undefined) fs.linkSync(fsPath(joinBytes(target, node.path)), fsPath(joinBytes(target, path)));
    lines.push(`${escapeBytes(path)}${leader.slice(leader.indexOf(' '))}`);
  }
}

/** The last field of a file's line, as copying wrote it: `-`, or a group by device and number. */
function groupOf(line: string): string | undefined {
  return line[line.indexOf(' ') + 1] === 'f' ? line.slice(line.lastIndexOf(' ') + 1) : undefined;
}

/** Numbers groups in the order of their first members; single members have none. True when a file has names elsewhere. */
function numberGroups(lines: string[]): boolean {
  const members = new Map<string, number[]>();
  for (const [index, line] of lines.entries()) {
    const group = groupOf(line);
    if (group?.startsWith('@') !== true) continue;
    const found = members.get(group);
    if (found === undefined) members.set(group, [index]);
    else found.push(index);
  }
  let next = 0;
  let hasOutsideLinks = false;
  for (const [group, indices] of members) {
    hasOutsideLinks ||= indices.length < Number(group.slice(group.lastIndexOf(':') + 1));
    const name = indices.length === 1 ? '-' : String(next++);
    for (const index of indices) {
      const line = lines[index] ?? '';
      lines[index] = line.slice(0, line.lastIndexOf(' ') + 1) + name;
    }
  }
  return hasOutsideLinks;
}

async function finishNodes(lines: readonly string[], target: string): Promise<void> {
  const directories: TreeNode[] = [];
  for (const line of lines) {
    const type = line[line.indexOf(' ') + 1] ?? '';
    if (!'dpscb'.includes(type)) continue;
    const node = parseNode(line);
    if (node === undefined) throw new CacheError('CACHE_CORRUPT', 'a line of the manifest cannot be read back');
    if (type === 'd') directories.push(node);
    else await makeSpecial(target, joinBytes(target, node.path), node);
  }
  // Deepest first: a directory may lock us out once it has its mode.
  for (const node of directories.reverse()) applyToPath(joinBytes(target, node.path), node);
}
