import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

/** An open file. */
export interface OpenFile {
  writeAll(parts: readonly Uint8Array[]): Promise<void>;
  /** Overwrites bytes at the start. */
  overwrite(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  /** Sets the modification time to now. */
  touch(): Promise<void>;
  close(): Promise<void>;
  readonly fd: number;
}

/** Identifies one version of a file: a file that was renamed into place differs from the one before. */
export interface FileIdentity {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** What the cache does to disks; every call is one step that a crash can come before or after. */
export interface FileSystem {
  makeDirectory(path: string): Promise<void>;
  list(directory: string): Promise<string[]>;
  /** Opens with mode 0600: `create` fails when the file exists, `edit` when it does not, `lock` makes it if need be. */
  open(path: string, mode: 'create' | 'edit' | 'lock'): Promise<OpenFile>;
  /** The whole file and its identity; undefined when there is none. Throws RangeError above `maxBytes`. */
  read(path: string, maxBytes: number): Promise<{ bytes: Uint8Array; identity: FileIdentity } | undefined>;
  identify(path: string): Promise<FileIdentity | undefined>;
  /** Gives a file a second name; fails when that exists. */
  link(from: string, to: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** No error when there is none. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

/** writev takes at most 1024 buffers on Linux. */
const MAX_VECTORS = 512;
/** Opening a pipe or a device must not wait for somebody at its other end: no signal would end that. Windows knows no such flag. */
const AT_ONCE: number = constants.O_NONBLOCK ?? 0;
/** A pipe has no size, so it reads as an empty file and is set aside. */
const READ: number = constants.O_RDONLY | AT_ONCE;
const OPEN_FLAGS = {
  create: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  edit: constants.O_RDWR | AT_ONCE,
  lock: constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | AT_ONCE,
} as const;

export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    await makeDirectories(path);
  },
  list: (directory) => fs.readdir(directory),
  async open(path, mode) {
    return openFile(await fs.open(path, OPEN_FLAGS[mode], 0o600));
  },
  async read(path, maxBytes) {
    const handle = await openExisting(path);
    if (handle === undefined) return undefined;
    try {
      // Asked of the open file, not of its name: network file systems may answer the latter from memory.
      const stat = await handle.stat({ bigint: true });
      if (stat.size > BigInt(maxBytes)) throw new RangeError(`${path} holds ${stat.size} bytes, more than the ${maxBytes} that a cache file may have`);
      return { bytes: await readAll(handle, Number(stat.size)), identity: identityOf(stat) };
    } finally {
      await handle.close();
    }
  },
  async identify(path) {
    const handle = await openExisting(path);
    if (handle === undefined) return undefined;
    try {
      return identityOf(await handle.stat({ bigint: true }));
    } finally {
      await handle.close();
    }
  },
  link: (from, to) => fs.link(from, to),
  copy: (from, to) => fs.copyFile(from, to),
  rename: (from, to) => fs.rename(from, to),
  async remove(path) {
    await fs.rm(path, { force: true });
  },
  async syncDirectory(path) {
    // Windows opens no directories; its renames are durable without.
    if (process.platform === 'win32') return;
    const handle = await fs.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Parent by parent: Node's own recursion never ends where a file system refuses with ENOENT, as /proc does. */
async function makeDirectories(path: string): Promise<void> {
  try {
    await fs.mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await fs.stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeDirectories(parent);
    // Another process may have made it meanwhile.
    await fs.mkdir(path, { mode: 0o700 }).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again;
    });
  }
}

/** One read where `FileHandle.readFile` makes one for every half megabyte. */
async function readAll(handle: fs.FileHandle, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, filled);
    // Cut short by somebody meanwhile: what is there fails its checksum.
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

async function openExisting(path: string): Promise<fs.FileHandle | undefined> {
  try {
    return await fs.open(path, READ);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function openFile(handle: fs.FileHandle): OpenFile {
  return {
    fd: handle.fd,
    async writeAll(parts) {
      for (let at = 0; at < parts.length; at += MAX_VECTORS) await writeVector(handle, parts.slice(at, at + MAX_VECTORS));
    },
    async overwrite(bytes) {
      await handle.write(bytes, 0, bytes.length, 0);
    },
    sync: () => handle.sync(),
    touch: async () => {
      const now = new Date();
      await handle.utimes(now, now);
    },
    close: () => handle.close(),
  };
}

/** A disk that fills up takes part of a vector and reports no error before the next call. */
async function writeVector(handle: fs.FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let left = [...parts];
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left);
    while (left.length > 0 && bytesWritten >= left[0]!.length) bytesWritten -= left.shift()!.length;
    if (left.length > 0) left = [left[0]!.subarray(bytesWritten), ...left.slice(1)];
  }
}

function identityOf(stat: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): FileIdentity {
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return { key: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, sizeBytes: Number(size), modifiedMs: Number(mtimeNs / 1_000_000n) };
}

/** The system's name of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
