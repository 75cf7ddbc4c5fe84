/** Why the Go side of an interoperability test could not do what was asked. */
export type InteropErrorCode =
  | 'INTEROP_GO_MISSING'
  | 'INTEROP_BUILD_FAILED'
  | 'INTEROP_MODE_FAILED'
  | 'INTEROP_REFUSED'
  | 'INTEROP_TIMEOUT'
  | 'INTEROP_CRASHED';

/** The one error class of this package; compare `code`. */
export class InteropError extends Error {
  readonly code: InteropErrorCode;

  constructor(code: InteropErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InteropError';
    this.code = code;
  }
}
