/** Codes are API: they do not change within a major version, messages may. */
export type NodeErrorCode =
  | 'NODE_BAD_OPTION'
  | 'NODE_ADDRESS_IN_USE'
  | 'NODE_LISTEN_FAILED'
  | 'NODE_CONNECT_FAILED'
  | 'NODE_CONNECTION_LOST'
  | 'NODE_SEND_FAILED'
  | 'NODE_NO_PEERS'
  | 'NODE_TIMEOUT'
  | 'NODE_TOO_LARGE'
  | 'NODE_INVALID_DAT'
  | 'NODE_NO_ROOM'
  | 'NODE_NEWER_EXISTS'
  | 'NODE_NOT_ENOUGH_ACKS'
  | 'NODE_RECORDS_FAILED'
  | 'NODE_BAD_BACKUP'
  | 'NODE_VERIFIER_FAILED'
  | 'NODE_CLOSED';

/** Every failure that a node reports by throwing or rejecting, except `TypeError` for programmer mistakes and `signal.reason`. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
