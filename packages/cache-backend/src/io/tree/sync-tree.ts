import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { unescapeBytes } from '../../escape.ts';
import { joinBytes, showPath } from '../byte-path.ts';
import { syncFiles } from './sync-files.ts';

/** Up to so many files are synced one by one: the whole file system may have more to write than that. */
const FEW = 8;

/**
 * Brings a container with its tree to disk. `each` syncs every file and directory. `filesystem` has the system write
 * everything of the file system once, by `sync -f` (syncfs). Linux since 5.8 reports failed writes to syncfs on a
 * descriptor that was opened after the failure too, unless another caller of syncfs was told of it before.
 */
export async function syncTree(container: string, manifest: string, mode: 'each' | 'filesystem'): Promise<void> {
  // A header, the lines of the nodes, and what follows the last line break.
  if (mode === 'filesystem' && isWorthOneSync(manifest.split('\n', FEW + 3).length - 2)) {
    await syncFileSystem(container);
    return;
  }
  const files: string[] = [`${container}/manifest`];
  const directories: string[] = [container, `${container}/refs`];
  for (const line of manifest.split('\n').slice(1, -1)) {
    const [escaped = '', type] = line.split(' ', 2);
    const path = joinBytes(`${container}/tree`, unescapeBytes(escaped) ?? escaped);
    if (type === 'd') directories.push(path);
    if (type === 'f') files.push(path);
  }
  await syncFiles(files);
  await syncFiles(directories.reverse());
}

/** Whether so many nodes are better brought to disk with everything else of the file system than one by one. */
export function isWorthOneSync(nodes: number): boolean {
  return nodes > FEW;
}

/** Has the system write everything of the file system that a directory is on. */
export async function syncFileSystem(directory: string): Promise<void> {
  await promisify(execFile)('sync', ['-f', showPath(directory)]);
}

let knowsFileSystem: boolean | undefined;

/** Whether the system has a `sync -f`. Asked for a file system that has nothing to write. */
export function canSyncFileSystem(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    if (knowsFileSystem === undefined) execFileSync('sync', ['-f', '/proc'], { stdio: 'pipe' });
    knowsFileSystem = true;
  } catch {
    // Another `sync`, or none: files are synced one by one.
    knowsFileSystem = false;
  }
  return knowsFileSystem;
}
