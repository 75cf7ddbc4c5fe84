/** Codes are API: they do not change within a major version, messages may. */
export type TraceErrorCode = 'TRACE_BAD_MEMORY';

/** A failure of what was given to the tracer. Compare `code`. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly code: TraceErrorCode;

  constructor(code: TraceErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
