/** Codes are API: they do not change within a major version, messages may. */
export type BootstrapCacheErrorCode =
  | 'BOOTSTRAP_CACHE_CLOSED'
  | 'BOOTSTRAP_CACHE_LOCK_TIMEOUT'
  | 'BOOTSTRAP_CACHE_LOCK_LOST'
  | 'BOOTSTRAP_CACHE_DIRECTORY'
  | 'BOOTSTRAP_CACHE_WRITE_FAILED'
  | 'BOOTSTRAP_CACHE_READ_FAILED';

/** A failure of the cache's surroundings. Compare `code`; the system's error is in `cause`. */
export class BootstrapCacheError extends Error {
  override readonly name = 'BootstrapCacheError';
  readonly code: BootstrapCacheErrorCode;

  constructor(code: BootstrapCacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
