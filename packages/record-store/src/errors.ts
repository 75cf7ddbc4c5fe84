/** Codes are API: they do not change within a major version, messages may. */
export type RecordStoreErrorCode =
  /** The store was closed. */
  | 'RECORD_STORE_CLOSED'
  /** The engine could not be reached; whether a write happened is not known. */
  | 'RECORD_STORE_UNAVAILABLE'
  /** Reading or writing failed. */
  | 'RECORD_STORE_IO'
  /** Stored bytes are not what this package wrote. */
  | 'RECORD_STORE_CORRUPT'
  /** The engine is set up in a way that would lose records. */
  | 'RECORD_STORE_CONFIG'
  /** Another process, or another store of this one, has the file open. */
  | 'RECORD_STORE_IN_USE'
  /** Others changed the same key again and again while this write tried to. */
  | 'RECORD_STORE_BUSY'
  /** A resume token that this package did not make. */
  | 'RECORD_STORE_TOKEN';

/** A failure of the store's surroundings. Compare `code`; the engine's own error is in `cause`. */
export class RecordStoreError extends Error {
  override readonly name = 'RecordStoreError';
  readonly code: RecordStoreErrorCode;

  constructor(code: RecordStoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
