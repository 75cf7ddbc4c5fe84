export type CheckErrorCode = 'CHECK_USAGE' | 'CHECK_NO_PARSER' | 'CHECK_NO_BUNDLER' | 'CHECK_UNREADABLE' | 'CHECK_SYNTAX' | 'CHECK_BUNDLE_FAILED';

/** Why the zero-cost check could not be made. That a program is not free of tracing is a result, no error. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
  readonly code: CheckErrorCode;

  constructor(code: CheckErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
