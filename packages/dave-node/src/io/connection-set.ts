import type { Socket } from 'node:net';
import { TcpConnection } from './tcp-connection.ts';

/** The open connections of an endpoint, dialled and accepted. */
export class ConnectionSet {
  readonly #connections = new Set<TcpConnection>();
  readonly #onError: (error: Error) => void;

  /** `onError` hears of readers that throw. */
  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  get all(): readonly TcpConnection[] {
    return [...this.#connections];
  }

  /** Wraps a connected socket and keeps it until it is closed. */
  adopt(socket: Socket): TcpConnection {
    const connection = new TcpConnection(socket, (gone, defect) => {
      this.#connections.delete(gone);
      if (defect !== undefined) this.#onError(defect);
    });
    this.#connections.add(connection);
    return connection;
  }
}
