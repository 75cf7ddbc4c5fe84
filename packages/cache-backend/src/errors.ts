/** Codes are API: they do not change within a major version, messages may. */
export type CacheErrorCode =
  /** The instance was closed. */
  | 'CACHE_CLOSED'
  /** The source directory is missing, no directory, or contains the cache or lies in it. */
  | 'CACHE_SOURCE_INVALID'
  /** The source changed while it was copied. */
  | 'CACHE_SOURCE_CHANGED'
  /** The source holds a FIFO, socket or device; `path` says which. */
  | 'CACHE_SPECIAL_FILE'
  /** The tree alone exceeds the cache's limits, or the format's. */
  | 'CACHE_TOO_LARGE'
  /** No space (ENOSPC) or no quota (EDQUOT) left. */
  | 'CACHE_NO_SPACE'
  /** Too many open files (EMFILE, ENFILE). */
  | 'CACHE_TOO_MANY_FILES'
  /** The medium failed (EIO). */
  | 'CACHE_IO'
  /** The file system may not be written (EROFS). */
  | 'CACHE_READ_ONLY'
  /** Not permitted (EACCES, EPERM). */
  | 'CACHE_PERMISSION'
  /** Another error of the file system; see `cause`. */
  | 'CACHE_FILE_SYSTEM'
  /** The file system lacks the locks that sharing needs: choose another or `locks: 'lease-files'`. */
  | 'CACHE_LOCKS_UNSUPPORTED'
  /** Others held a lock for longer than `lockTimeoutMs`. */
  | 'CACHE_LOCK_TIMEOUT'
  /** The directory holds something else, or a later version of the format. */
  | 'CACHE_FORMAT'
  /** The platform cannot do what was asked, such as reflinks. */
  | 'CACHE_UNSUPPORTED'
  /** The target of `materialize` exists. */
  | 'CACHE_TARGET_EXISTS'
  /** The tree differs from its manifest. */
  | 'CACHE_CORRUPT'
  /** The remote store failed or answered nonsense. */
  | 'CACHE_REMOTE'
  /** A lease or lock was lost, because it was not renewed in time. */
  | 'CACHE_LEASE_LOST';

/** A failure of the cache's surroundings. Compare `code`, never the class; the system's error is in `cause`. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;
  /** What it is about, where that is a file. */
  readonly path: string | undefined;

  constructor(code: CacheErrorCode, message: string, options?: { cause?: unknown; path?: string | undefined }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options?.path;
  }
}

const BY_ERRNO: Readonly<Record<string, CacheErrorCode>> = {
  ENOSPC: 'CACHE_NO_SPACE',
  EDQUOT: 'CACHE_NO_SPACE',
  EMFILE: 'CACHE_TOO_MANY_FILES',
  ENFILE: 'CACHE_TOO_MANY_FILES',
  EIO: 'CACHE_IO',
  EROFS: 'CACHE_READ_ONLY',
  EACCES: 'CACHE_PERMISSION',
  EPERM: 'CACHE_PERMISSION',
};

/** The cache's error for one of the system; cache errors, type errors and aborts are passed through. */
export function toCacheError(error: unknown, doing: string): Error {
  if (error instanceof CacheError || error instanceof TypeError) return error;
  const { code, message, path, name } = error as { code?: unknown; message?: unknown; path?: unknown; name?: unknown };
  if (name === 'AbortError' && error instanceof Error) return error;
  const known = typeof code === 'string' ? (BY_ERRNO[code] ?? 'CACHE_FILE_SYSTEM') : 'CACHE_FILE_SYSTEM';
  const text = typeof message === 'string' ? message : String(error);
  return new CacheError(known, `${doing}: ${text}`, { cause: error, path: typeof path === 'string' ? path : undefined });
}
