/** Codes are API: they do not change within a major version, messages may. */
export type WireErrorCode =
  | 'WIRE_EMPTY'
  | 'WIRE_TRUNCATED'
  | 'WIRE_UNKNOWN_OP'
  | 'WIRE_BAD_LENGTH'
  | 'WIRE_TOO_LONG'
  | 'WIRE_BAD_VALUE'
  | 'WIRE_NOT_UTF8';

/** Bytes that are no message, dat, frame or key; or an object that cannot be encoded. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
