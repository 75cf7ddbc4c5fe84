import { createHash } from 'node:crypto';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import { dirname, resolve } from 'node:path';
import { AppError, codeOf } from '../cli/app-error.ts';
import { makeDirectory } from '../make-directory.ts';

/** What the kernel has room for in the address of a Unix socket, its final zero left out. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Where the control socket of a data directory is: a file in it, or a named pipe on Windows. */
export function controlSocketPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return `${dataDir}/dave.sock`;
  // Pipes have one flat, case-insensitive name space of at most 256 characters.
  return `\\\\.\\pipe\\dave-${createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex').slice(0, 32)}`;
}

/**
 * True when somebody accepts connections there.
 * @throws AppError APP_DAEMON_UNREACHABLE when that cannot be told
 */
export function isServed(socketPath: string): Promise<boolean> {
  return new Promise((settle, reject) => {
    const probe = createConnection(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      settle(true);
    });
    probe.once('error', (error) => {
      const code = codeOf(error) ?? '';
      // Nothing there, nobody behind it, or a path on which nobody can listen.
      if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'EINVAL', 'ENAMETOOLONG'].includes(code)) settle(false);
      // The queue of a busy daemon is full.
      else if (code === 'EAGAIN') settle(true);
      else reject(new AppError('APP_DAEMON_UNREACHABLE', `cannot reach ${socketPath}: ${error.message}`, { cause: error }));
    });
  });
}

/** The refusal to run two daemons on one data directory. */
export async function assertNotServed(socketPath: string): Promise<void> {
  if (await isServed(socketPath)) throw alreadyServed(socketPath);
}

/**
 * Listens where only this user can connect; what a crashed daemon left behind is replaced.
 * @throws AppError APP_DAEMON_RUNNING, APP_CONFIG, APP_DATA_DIR
 */
export async function listenPrivately(server: Server, socketPath: string): Promise<void> {
  if (process.platform === 'win32') return listen(server, socketPath);
  if (Buffer.byteLength(socketPath) > MAX_PATH_BYTES) {
    throw new AppError('APP_CONFIG', `${socketPath} is too long for a socket, which has at most ${MAX_PATH_BYTES} bytes; choose a shorter --data-dir`);
  }
  await makeDirectory(dirname(socketPath));
  // The socket is born without access for others: there is no moment to narrow it in.
  const umask = process.umask(0o177);
  try {
    await listen(server, socketPath).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
      await assertNotServed(socketPath);
      await discardStale(socketPath);
      await listen(server, socketPath).catch((again: unknown) => {
        throw codeOf(again) === 'EADDRINUSE' ? alreadyServed(socketPath) : again;
      });
    });
  } finally {
    process.umask(umask);
  }
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      server.off('error', reject);
      settle();
    });
  });
}

async function discardStale(socketPath: string): Promise<void> {
  const aside = `${socketPath}.${process.pid}`;
  try {
    if (!(await lstat(socketPath)).isSocket()) throw new AppError('APP_CONFIG', `${socketPath} is in the way and is no socket; move it away`);
    await rename(socketPath, aside);
  } catch (error) {
    // Somebody else has cleared it away.
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  // Another daemon may have replaced the stale socket by its own since we looked: give it back.
  const taken = await isServed(aside);
  if (taken) await link(aside, socketPath);
  await unlink(aside);
  if (taken) throw alreadyServed(socketPath);
}

function alreadyServed(socketPath: string): AppError {
  return new AppError('APP_DAEMON_RUNNING', `a daemon already serves ${socketPath}; stop it or use another --data-dir`);
}
