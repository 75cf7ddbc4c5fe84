import * as fs from 'node:fs';
import { parentOf, parseManifest, type TreeNode } from '../../manifest.ts';
import { fsPath, joinBytes, showPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { readXattrs } from '../xattrs.ts';
import { directoryXattrs, microseconds } from './attributes.ts';
import { digestOf, sha256 } from './copy-bytes.ts';
import { deviceNumbers, typeOf } from './special-files.ts';

/** Files read in `sampled` mode. */
const SAMPLES = 16;
export const MAX_MANIFEST_BYTES: number = 512 * 1024 * 1024;

/** What the system says of things that are not there or are something else. Anything else it says is about the system: a tree that cannot be read now is not damaged. */
const DAMAGE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO']);

/** The nodes of a container's manifest, if it is the one that the container is named for; otherwise what is wrong. @throws the system's errors that say nothing of the tree */
export function readManifest(container: string, treeName: string): TreeNode[] | string {
  let text: string;
  try {
    step('verify:manifest');
    const path = fsPath(`${container}/manifest`);
    const stat = fs.lstatSync(path);
    if (!stat.isFile() || stat.size > MAX_MANIFEST_BYTES) return 'its manifest is no file, or too large';
    text = fs.readFileSync(path, 'latin1');
  } catch (error) {
    return `its manifest cannot be read: ${damageIn(error)}`;
  }
  if (sha256(Buffer.from(text, 'latin1')) !== treeName.slice(0, 64)) return 'its manifest is not the one that it is named for';
  return parseManifest(text) ?? 'its manifest is malformed';
}

/** Compares a container's tree with its manifest; what is wrong, or undefined. Links are never followed. @throws the system's errors that say nothing of the tree */
export function verifyTree(container: string, treeName: string, mode: 'metadata' | 'sampled' | 'full', xattrs: boolean, random: () => number): string | undefined {
  const nodes = readManifest(container, treeName);
  if (typeof nodes === 'string') return nodes;
  const tree = `${container}/tree`;
  try {
    const root = nodes[0];
    if (root === undefined) return 'its manifest is empty';
    if (mode === 'metadata') return checkNode(tree, root, false, xattrs);
    if (mode === 'sampled') return checkSample(tree, nodes, xattrs, random);
    return checkAll(tree, nodes, xattrs);
  } catch (error) {
    return `it cannot be read: ${damageIn(error)}`;
  }
}

/** What an error says of a tree; thrown again when that is nothing. */
function damageIn(error: unknown): string {
  if (!(error instanceof Error) || !DAMAGE.has(errnoOf(error) ?? '')) throw error;
  return error.message;
}

function checkAll(tree: string, nodes: readonly TreeNode[], xattrs: boolean): string | undefined {
  const children = new Map<string, Set<string>>();
  const inodes = new Map<string, string>();
  for (const node of nodes) {
    const problem = checkNode(tree, node, true, xattrs) ?? checkGroup(tree, node, inodes);
    if (problem !== undefined) return problem;
    if (node.type === 'd') children.set(node.path, new Set());
    if (node.path !== '.') children.get(parentOf(node.path))?.add(node.path.slice(node.path.lastIndexOf('/') + 1));
  }
  for (const [directory, expected] of children) {
    for (const name of fs.readdirSync(fsPath(joinBytes(tree, directory)), { encoding: 'latin1' })) {
      if (!expected.has(name)) return `${showPath(joinBytes(directory, name))} does not belong there`;
    }
  }
  return undefined;
}

/** Hardlink groups are one file each, and what is not in the same group is not. */
function checkGroup(tree: string, node: TreeNode, inodes: Map<string, string>): string | undefined {
  if (node.type !== 'f') return undefined;
  const { dev, ino } = fs.lstatSync(fsPath(joinBytes(tree, node.path)), { bigint: true });
  const inode = `${dev}:${ino}`;
  const identity = node.group === '-' ? `path ${node.path}` : `group ${node.group}`;
  const known = inodes.get(inode) ?? inodes.get(identity);
  inodes.set(inode, identity);
  inodes.set(identity, inode);
  return known === undefined || known === identity || known === inode ? undefined : `${showPath(node.path)} is linked otherwise`;
}

function checkSample(tree: string, nodes: readonly TreeNode[], xattrs: boolean, random: () => number): string | undefined {
  const files = nodes.filter(({ type }) => type === 'f');
  for (let index = 0; index < Math.min(SAMPLES, files.length); index++) {
    const other = index + Math.floor(random() * (files.length - index));
    const picked = files[other];
    if (picked === undefined) break;
    files[other] = files[index] ?? picked;
    const problem = checkNode(tree, picked, true, xattrs);
    if (problem !== undefined) return problem;
  }
  return nodes[0] === undefined ? undefined : checkNode(tree, nodes[0], false, xattrs);
}

function checkNode(tree: string, node: TreeNode, content: boolean, xattrs: boolean): string | undefined {
  const path = joinBytes(tree, node.path);
  const stat = fs.lstatSync(fsPath(path), { throwIfNoEntry: false });
  const name = showPath(node.path);
  if (stat === undefined) return `${name} is missing`;
  if (typeOf(stat) !== node.type) return `${name} is of another type`;
  if (node.type !== 'l' && (stat.mode & 0o7777) !== node.mode) return `${name} has another mode`;
  if (node.uid !== -1 && (stat.uid !== node.uid || stat.gid !== node.gid)) return `${name} has another owner`;
  if (microseconds(stat.mtimeMs) !== node.mtimeUs) return `${name} has another time`;
  if (node.type === 'l') return fs.readlinkSync(fsPath(path), { encoding: 'latin1' }) === node.target ? undefined : `${name} points elsewhere`;
  if (node.type === 'd') return sameXattrs(xattrs ? directoryXattrs(path, { keepOwner: false, xattrs }) : node.xattrs, node) ? undefined : `${name} has other attributes`;
  if (node.type !== 'f') {
    const { major, minor } = deviceNumbers(node.type, stat);
    return major === node.major && minor === node.minor ? undefined : `${name} is another device`;
  }
  if (stat.size !== node.size) return `${name} has another size`;
  if (!content) return undefined;
  step('verify:file');
  const fd = fs.openSync(fsPath(path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  try {
    if (xattrs && !sameXattrs(readXattrs(fd), node)) return `${name} has other attributes`;
    return digestOf(fd).digest === node.digest ? undefined : `${name} has other content`;
  } finally {
    fs.closeSync(fd);
  }
}

function sameXattrs(found: TreeNode['xattrs'], node: TreeNode): boolean {
  return JSON.stringify(found) === JSON.stringify(node.xattrs);
}
