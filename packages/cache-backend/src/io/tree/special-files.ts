import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { CacheError } from '../../errors.ts';
import type { NodeType, TreeNode } from '../../manifest.ts';
import { fsPath, showPath } from '../byte-path.ts';
import { applyToPath } from './attributes.ts';

/** For messages. */
export const SPECIAL_NAMES: Readonly<Record<string, string>> = { p: 'FIFO', s: 'socket', c: 'character device', b: 'block device' };

export function typeOf(stat: fs.Stats): NodeType {
  if (stat.isFile()) return 'f';
  if (stat.isDirectory()) return 'd';
  if (stat.isSymbolicLink()) return 'l';
  if (stat.isFIFO()) return 'p';
  if (stat.isSocket()) return 's';
  return stat.isCharacterDevice() ? 'c' : 'b';
}

/** Numbers of a device, as Linux puts them together; zeros for what is none. */
export function deviceNumbers(type: NodeType, stat: fs.Stats): { major: number; minor: number } {
  if (type !== 'c' && type !== 'b') return { major: 0, minor: 0 };
  const device = BigInt(stat.rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return { major: Number(BigInt.asUintN(32, major)), minor: Number(BigInt.asUintN(32, minor)) };
}

/** Makes a FIFO, socket or device anew. Node has no call for it: the system's `mknod` program makes all but sockets. */
export async function makeSpecial(directory: string, path: string, node: TreeNode): Promise<void> {
  // Programs take text for arguments and sockets short paths: made under a plain name, then renamed.
  const plain = `${directory}/p2p-${randomBytes(8).toString('hex')}`;
  try {
    if (node.type === 's') await bindSocket(plain, path);
    else {
      const numbers = node.type === 'p' ? [] : [String(node.major), String(node.minor)];
      execFileSync('mknod', ['-m', '600', Buffer.from(plain, 'latin1').toString('utf8'), node.type, ...numbers], { stdio: 'pipe' });
      fs.renameSync(fsPath(plain), fsPath(path));
    }
  } catch (error) {
    throw new CacheError('CACHE_SPECIAL_FILE', `${showPath(path)}: the system does not let this process make a ${SPECIAL_NAMES[node.type]}`, { cause: error, path: showPath(path) });
  }
  applyToPath(path, node);
}

async function bindSocket(plain: string, path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Buffer.from(plain, 'latin1').toString('utf8'), resolve);
  });
  // Renamed before it is closed, which would remove it.
  fs.renameSync(fsPath(plain), fsPath(path));
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
