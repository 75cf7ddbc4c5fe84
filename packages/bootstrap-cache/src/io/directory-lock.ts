import { join } from 'node:path';
import { BootstrapCacheError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { Lease, type Watched } from './lease.ts';
import { loadOsLocks, type OsLocks } from './os-lock.ts';
import { describeSelf } from './owner.ts';

/** Time between two tries lies between these; the spread keeps waiting processes from moving in step. */
const MIN_WAIT_MS = 4;
const MAX_WAIT_MS = 24;

/** A held lock. */
export interface HeldLock {
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

export interface LockOptions {
  readonly timeoutMs: number;
  /** Whether waiting keeps the process alive. */
  readonly keepAlive: boolean;
  /** For tests: `undefined` works as if the native package were missing. */
  readonly osLocks?: OsLocks | undefined;
}

/**
 * Takes the lock `<directory>/<base>`: the lease, which every process takes, and before it the
 * operating system's lock where the native package is there, which shows at once that an owner died.
 * @throws BootstrapCacheError BOOTSTRAP_CACHE_LOCK_TIMEOUT; the file system's errors as they are.
 */
export async function takeLock(fs: FileSystem, directory: string, base: string, options: LockOptions): Promise<HeldLock> {
  const osLocks = 'osLocks' in options ? options.osLocks : await loadOsLocks();
  const deadline = performance.now() + options.timeoutMs;
  const osLock = osLocks === undefined ? undefined : await takeOsLock(fs, join(directory, base), osLocks, deadline, options);
  try {
    const self = describeSelf(osLock !== undefined);
    let watched: Watched | undefined;
    for (;;) {
      const taken = await Lease.tryTake(fs, directory, base, self, watched);
      if (taken instanceof Lease) {
        return {
          isHeld: () => taken.isHeld(),
          release: async () => {
            try {
              await taken.release();
            } finally {
              await osLock?.release();
            }
          },
        };
      }
      watched = taken;
      await waitABit(deadline, directory, options);
    }
  } catch (error) {
    await osLock?.release();
    throw error;
  }
}

async function takeOsLock(fs: FileSystem, path: string, osLocks: OsLocks, deadline: number, options: LockOptions): Promise<{ release(): Promise<void> } | undefined> {
  const file = await fs.open(path, 'lock');
  try {
    while (!osLocks.tryLock(file.fd)) await waitABit(deadline, path, options);
  } catch (error) {
    await file.close();
    if (error instanceof BootstrapCacheError) throw error;
    // Some network file systems know no such locks: the lease alone decides there.
    return undefined;
  }
  // Closing the file gives the lock back, as the death of the process would.
  return { release: () => file.close() };
}

async function waitABit(deadline: number, path: string, options: LockOptions): Promise<void> {
  if (performance.now() > deadline) {
    throw new BootstrapCacheError(
      'BOOTSTRAP_CACHE_LOCK_TIMEOUT',
      `${path} was locked by other processes for more than ${options.timeoutMs} ms: see whether one of them hangs, or raise lockTimeoutMs`,
    );
  }
  const waitMs = MIN_WAIT_MS + Math.random() * (MAX_WAIT_MS - MIN_WAIT_MS);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMs);
    if (!options.keepAlive) timer.unref();
  });
}
