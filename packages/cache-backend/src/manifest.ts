import { escapeBytes, unescapeBytes } from './escape.ts';

/** `f` regular file, `d` directory, `l` symbolic link, `p` FIFO, `s` socket, `c` and `b` devices. */
export type NodeType = 'f' | 'd' | 'l' | 'p' | 's' | 'c' | 'b';

/** One thing in a tree. Strings named "bytes" hold one byte per character. */
export interface TreeNode {
  /** Bytes, relative to the root with `/` between names; `.` is the root. */
  readonly path: string;
  readonly type: NodeType;
  /** Permission bits with set-id and sticky. */
  readonly mode: number;
  /** -1: whoever owns the cache. */
  readonly uid: number;
  readonly gid: number;
  /** Microseconds: what Node can set. */
  readonly mtimeUs: number;
  /** Of files. */
  readonly size: number;
  /** Of files: SHA-256 in hex. */
  readonly digest: string;
  /** Of files: members of a hardlink group have the same text. `-`: none. Numbers in a manifest, anything before that. */
  readonly group: string;
  /** Of links: where it points, bytes. */
  readonly target: string;
  /** Of devices. */
  readonly major: number;
  readonly minor: number;
  /** Extended attributes: names in bytes, values in base64, by name. */
  readonly xattrs: readonly (readonly [name: string, value: string])[];
}

/** The first line of every manifest. */
export const MANIFEST_HEADER = 'p2p-tree 1';
/** Longest path and link target, in bytes. */
const MAX_PATH = 65_536;
const TYPES = 'fdlpscb';
const NUMBER = /^(?:0|[1-9]\d{0,15})$/;
const SIGNED = /^(?:-?[1-9]\d{0,15}|0)$/;
const MODE = /^(?:0|[1-7][0-7]{0,3})$/;
const DIGEST = /^[0-9a-f]{64}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A node as a line: its escaped path first, so that sorted lines are sorted paths and parents come before children. */
export function formatNode(node: TreeNode): string {
  const common = `${escapeBytes(node.path)} ${node.type} ${node.mode.toString(8)} ${owner(node.uid)} ${owner(node.gid)} ${node.mtimeUs} ${formatXattrs(node.xattrs)}`;
  switch (node.type) {
    case 'f':
      return `${common} ${node.size} ${node.digest} ${node.group}`;
    case 'l':
      return `${common} ${escapeBytes(node.target)}`;
    case 'c':
    case 'b':
      return `${common} ${node.major} ${node.minor}`;
    default:
      return common;
  }
}

/** The node in a line, or undefined for anything that `formatNode` does not make of a sound node. */
export function parseNode(line: string): TreeNode | undefined {
  const fields = line.split(' ');
  const [escapedPath = '', type = '', mode = '', uid = '', gid = '', mtime = '', xattrs = ''] = fields;
  const path = unescapeBytes(escapedPath);
  if (path === undefined || !isTreePath(path) || type.length !== 1 || !TYPES.includes(type) || !MODE.test(mode) || !SIGNED.test(mtime)) return undefined;
  const owners = [parseOwnerField(uid), parseOwnerField(gid)];
  const attributes = parseXattrs(xattrs);
  if (owners[0] === undefined || owners[1] === undefined || attributes === undefined || !Number.isSafeInteger(Number(mtime))) return undefined;
  const node = {
    path, type: type as NodeType, mode: Number.parseInt(mode, 8), uid: owners[0], gid: owners[1], mtimeUs: Number(mtime), xattrs: attributes,
    size: 0, digest: '', group: '-', target: '', major: 0, minor: 0,
  };
  const rest = fields.slice(7);
  switch (node.type) {
    case 'f': {
      const [size = '', digest = '', group = ''] = rest;
      const isSound = rest.length === 3 && isCount(size) && DIGEST.test(digest) && (group === '-' || isCount(group));
      return isSound ? { ...node, size: Number(size), digest, group } : undefined;
    }
    case 'l': {
      const target = unescapeBytes(rest[0] ?? '');
      return rest.length === 1 && target !== undefined && target !== '' && target.length <= MAX_PATH && !target.includes('\0') ? { ...node, target } : undefined;
    }
    case 'c':
    case 'b':
      return rest.length === 2 && rest.every(isCount) ? { ...node, major: Number(rest[0]), minor: Number(rest[1]) } : undefined;
    default:
      return rest.length === 0 ? node : undefined;
  }
}

/**
 * The nodes of a manifest, or undefined for anything that is not canonical: unsorted or repeated paths, paths that leave
 * the tree, nodes without a directory above them, hardlink groups of one or whose members differ.
 */
export function parseManifest(text: string): TreeNode[] | undefined {
  if (!text.endsWith('\n')) return undefined;
  const lines = text.slice(0, -1).split('\n');
  if (lines[0] !== MANIFEST_HEADER || lines.length < 2) return undefined;
  const nodes: TreeNode[] = [];
  const directories = new Set<string>();
  const groups = new Map<string, { line: string; members: number }>();
  let previous = '';
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const node = parseNode(line);
    const [path = ''] = line.split(' ', 1);
    if (node === undefined || (index > 1 && path <= previous && previous !== '.')) return undefined;
    previous = path;
    if (index === 1 ? node.path !== '.' || node.type !== 'd' : !directories.has(parentOf(node.path))) return undefined;
    if (node.type === 'd') directories.add(node.path);
    if (node.group !== '-') {
      const rest = line.slice(path.length);
      const group = groups.get(node.group);
      if (group === undefined ? node.group !== String(groups.size) : group.line !== rest) return undefined;
      groups.set(node.group, { line: rest, members: (group?.members ?? 0) + 1 });
    }
    nodes.push(node);
  }
  if (Array.from(groups.values()).some(({ members }) => members < 2)) return undefined;
  return nodes;
}

/** True for `.` and for relative paths that stay inside. */
export function isTreePath(path: string): boolean {
  if (path === '.') return true;
  if (path === '' || path.length > MAX_PATH || path.includes('\0')) return false;
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

/** The directory above a path; `.` for what lies in the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '.' : path.slice(0, slash);
}

function owner(id: number): string {
  return id === -1 ? '-' : String(id);
}

function parseOwnerField(text: string): number | undefined {
  if (text === '-') return -1;
  return isCount(text) && Number(text) < 2 ** 32 ? Number(text) : undefined;
}

function isCount(text: string): boolean {
  return NUMBER.test(text) && Number.isSafeInteger(Number(text));
}

function formatXattrs(xattrs: TreeNode['xattrs']): string {
  if (xattrs.length === 0) return '-';
  return xattrs.map(([name, value]) => `${escapeBytes(name).replaceAll('=', '%3d').replaceAll(',', '%2c')}=${value}`).join(',');
}

function parseXattrs(text: string): TreeNode['xattrs'] | undefined {
  if (text === '-') return [];
  const xattrs: [string, string][] = [];
  for (const item of text.split(',')) {
    const at = item.indexOf('=');
    const name = unescapeBytes(item.slice(0, Math.max(at, 0)).replaceAll('%3d', '=').replaceAll('%2c', ','));
    const value = item.slice(at + 1);
    if (name === undefined || name === '' || !BASE64.test(value)) return undefined;
    xattrs.push([name, value]);
  }
  return formatXattrs(xattrs) === text ? xattrs : undefined;
}
