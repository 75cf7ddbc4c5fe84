/** The codes that a transport of `@p2p/dave-node` uses for the same failures. */
export type MemoryNetworkErrorCode =
  | 'NODE_ADDRESS_IN_USE'
  | 'NODE_LISTEN_FAILED'
  | 'NODE_CONNECT_FAILED'
  | 'NODE_CONNECTION_LOST'
  | 'NODE_CLOSED';

/** A failure inside the memory network. */
export class MemoryNetworkError extends Error {
  override readonly name = 'MemoryNetworkError';
  readonly code: MemoryNetworkErrorCode;

  constructor(code: MemoryNetworkErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
