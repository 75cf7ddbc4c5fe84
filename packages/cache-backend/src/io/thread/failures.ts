import { CacheError, type CacheErrorCode, toCacheError } from '../../errors.ts';
import type { Failure } from './protocol.ts';

/** An error as what can be sent: its class would be lost. */
export function toFailure(error: unknown, doing: string): Failure {
  const known = toCacheError(error, doing);
  const { code, path } = known as { code?: string; path?: string };
  return { name: known.name, code, message: known.message, path, cause: describe(known.cause) };
}

function describe(cause: unknown): unknown {
  if (!(cause instanceof Error)) return undefined;
  const { code, errno, syscall, path } = cause as NodeJS.ErrnoException;
  return { message: cause.message, code, errno, syscall, path };
}

/** The error again. */
export function fromFailure(failure: Failure): Error {
  if (failure.name === 'TypeError') return new TypeError(failure.message);
  const cause = failure.cause === undefined ? undefined : Object.assign(new Error((failure.cause as Error).message), failure.cause);
  return new CacheError((failure.code ?? 'CACHE_FILE_SYSTEM') as CacheErrorCode, failure.message, { cause, path: failure.path });
}
