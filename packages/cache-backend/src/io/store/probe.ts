import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import { fsPath, showPath } from '../byte-path.ts';
import type { Abilities } from '../thread/protocol.ts';
import { canSyncFileSystem } from '../tree/sync-tree.ts';
import { canKeepXattrs } from '../xattrs.ts';
import type { Layout } from './layout.ts';

/** Types of file systems (statfs) on which one machine's processes see each other's changes at once and locks by link work. */
const LOCAL = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0xca451a4e, // bcachefs
  0x3153464a, // JFS
  0x52654973, // ReiserFS
]);

interface ProbeOptions {
  readonly sync: 'auto' | 'each';
  readonly leaseFiles: boolean;
  /** For tests: what the system is said to have answered. */
  readonly fileSystemType: number | undefined;
}

/**
 * Finds out what the file system can do.
 * @throws CacheError CACHE_LOCKS_UNSUPPORTED where locks cannot be relied on and lease files were not asked for.
 */
export function probe(layout: Layout, owner: string, options: ProbeOptions): Abilities {
  const type = options.fileSystemType ?? fs.statfsSync(fsPath(layout.root)).type;
  const isLocal = process.platform !== 'linux' || LOCAL.has(type >>> 0);
  const directory = layout.at('tmp', owner);
  if (!isLocal && !options.leaseFiles) {
    throw new CacheError(
      'CACHE_LOCKS_UNSUPPORTED',
      `${showPath(layout.root)} is on a file system (type 0x${(type >>> 0).toString(16)}) that may be shared with other machines, where locks cannot be relied on: choose a local one, or open with locks: 'lease-files'`,
    );
  }
  checkLinks(directory);
  const file = `${directory}/probe`;
  const fd = fs.openSync(fsPath(file), 'w+', 0o600);
  try {
    fs.writeSync(fd, Buffer.alloc(4096, 1));
    return {
      canReflink: canReflink(directory),
      xattrs: canKeepXattrs(fd),
      // Elsewhere, sync may return before all is written.
      sync: options.sync === 'auto' && LOCAL.has(type >>> 0) && canSyncFileSystem() ? 'filesystem' : 'each',
      isRoot: process.getuid?.() === 0,
    };
  } finally {
    fs.closeSync(fd);
    fs.rmSync(fsPath(file), { force: true });
  }
}

/** Locks are files made by link: a name must be given once only. */
function checkLinks(directory: string): void {
  const a = `${directory}/probe-a`;
  const b = `${directory}/probe-b`;
  let isSound = false;
  try {
    fs.writeFileSync(fsPath(a), 'a');
    fs.linkSync(fsPath(a), fsPath(b));
    try {
      fs.linkSync(fsPath(a), fsPath(b));
    } catch (error) {
      isSound = (error as { code?: string }).code === 'EEXIST' && fs.statSync(fsPath(a)).nlink === 2;
    }
  } catch (error) {
    if (['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EMFILE'].includes((error as { code?: string }).code ?? '')) throw error;
    throw new CacheError('CACHE_LOCKS_UNSUPPORTED', `${showPath(directory)}: the file system has no hard links, which locks need: choose another`, { cause: error });
  } finally {
    fs.rmSync(fsPath(a), { force: true });
    fs.rmSync(fsPath(b), { force: true });
  }
  if (!isSound) throw new CacheError('CACHE_LOCKS_UNSUPPORTED', `${showPath(directory)}: the file system lets two have one name, so locks do not work: choose another`);
}

function canReflink(directory: string): boolean {
  const clone = `${directory}/probe-clone`;
  try {
    fs.copyFileSync(fsPath(`${directory}/probe`), fsPath(clone), fs.constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // ENOTSUP, EINVAL and others: no.
    return false;
  } finally {
    fs.rmSync(fsPath(clone), { force: true });
  }
}
