import { EXIT, type ExitCode } from './exit-codes.ts';

export type AppErrorCode =
  | 'APP_USAGE'
  | 'APP_CONFIG'
  | 'APP_KEY_MISSING'
  | 'APP_KEY_EXISTS'
  | 'APP_KEY_PERMISSIONS'
  | 'APP_KEY_INVALID'
  | 'APP_KEY_UNWRITABLE'
  | 'APP_DATA_DIR'
  | 'APP_DAEMON_UNREACHABLE'
  | 'APP_DAEMON_RUNNING'
  | 'APP_DAEMON_REFUSED'
  | 'APP_TIMEOUT'
  | 'APP_OUTPUT_FAILED'
  | 'APP_OUTPUT_CLOSED'
  | 'APP_STORE_MISSING'
  | 'APP_STORE_DAMAGED'
  | 'APP_FILE_FAILED'
  | 'APP_DEMO_FAILED'
  | 'APP_INTERRUPTED'
  | 'APP_NOT_TRACED'
  | 'APP_CACHE_UNREACHABLE';

/** A failure of the command itself, with what to do about it in the message. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;

  constructor(code: AppErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  APP_USAGE: EXIT.usage,
  APP_CONFIG: EXIT.usage,
  APP_KEY_MISSING: EXIT.usage,
  APP_KEY_EXISTS: EXIT.usage,
  APP_KEY_PERMISSIONS: EXIT.usage,
  APP_KEY_INVALID: EXIT.usage,
  APP_KEY_UNWRITABLE: EXIT.usage,
  APP_DATA_DIR: EXIT.usage,
  APP_NOT_TRACED: EXIT.usage,
  APP_TRACE_NOT_FOUND: EXIT.notFound,
  APP_STORE_MISSING: EXIT.notFound,
  RECORD_STORE_CONFIG: EXIT.usage,
  APP_TIMEOUT: EXIT.noPeers,
  APP_CACHE_UNREACHABLE: EXIT.noPeers,
  APP_INTERRUPTED: EXIT.interrupted,
  // Nobody reads on, as in `dave status --watch | head`: what was asked for has been delivered.
  APP_OUTPUT_CLOSED: EXIT.ok,
  NODE_BAD_OPTION: EXIT.usage,
  NODE_TOO_LARGE: EXIT.usage,
  WIRE_TOO_LONG: EXIT.usage,
  WIRE_NOT_UTF8: EXIT.usage,
  NODE_NO_PEERS: EXIT.noPeers,
  NODE_TIMEOUT: EXIT.noPeers,
  NODE_NOT_ENOUGH_ACKS: EXIT.notEnoughAcks,
  PUBLISH_BAD_SOURCE: EXIT.usage,
  PUBLISH_TARGET_EXISTS: EXIT.usage,
  CACHE_TARGET_EXISTS: EXIT.usage,
  CACHE_REMOTE: EXIT.noPeers,
  PUBLISH_NOT_FOUND: EXIT.notFound,
  PUBLISH_BLOCKS_MISSING: EXIT.notFound,
  PUBLISH_BLOCKS_SILENT: EXIT.noPeers,
  PUBLISH_NOT_ENOUGH_ACKS: EXIT.notEnoughAcks,
};

/** The error's code, where it has one: codes are compared, never classes. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

export function exitCodeOf(error: unknown): ExitCode {
  const code = codeOf(error);
  return (code === undefined ? undefined : BY_CODE[code]) ?? EXIT.failure;
}
