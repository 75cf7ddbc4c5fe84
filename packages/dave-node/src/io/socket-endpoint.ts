import type { AddrPort, Message } from '@p2p/dave-wire';
import { NodeError } from '../errors.ts';
import type { Connection, Endpoint } from '../transport.ts';
import type { BoundPair } from './bind-pair.ts';
import type { ConnectionSet } from './connection-set.ts';
import { dial } from './tcp-dial.ts';

/** How long a close waits for connections to end in order. */
const CLOSE_BOUND_MS = 1000;

/** A bound pair of sockets and the connections that belong to it. */
export class SocketEndpoint implements Endpoint {
  readonly address: AddrPort;
  readonly #pair: BoundPair;
  readonly #connections: ConnectionSet;
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  /** `connections`: those the listener accepts are added by its owner. */
  constructor(pair: BoundPair, connections: ConnectionSet) {
    this.#pair = pair;
    this.#connections = connections;
    this.address = pair.udp.address;
  }

  /** Datagrams that never left: `dropped` found the queue full, `failed` were refused by the system. */
  get unsent(): { readonly dropped: number; readonly failed: number } {
    return this.#pair.udp.unsent;
  }

  send(message: Message, to: AddrPort): void {
    this.#pair.udp.send(message, to);
  }

  async connect(to: AddrPort, signal: AbortSignal): Promise<Connection> {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    const socket = await dial({ address: to.address, port: to.port + 1 }, AbortSignal.any([signal, this.#closing.signal]));
    return this.#connections.adopt(socket);
  }

  /** Queued messages are still sent; connections that do not end within a second are dropped. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort(new NodeError('NODE_CLOSED', 'The node is closed.'));
    const listening = this.#pair.tcp.close();
    const bound = AbortSignal.timeout(CLOSE_BOUND_MS);
    // A connection that cannot be ended in order has been dropped by then: nothing is left to do.
    await Promise.allSettled(this.#connections.all.map((connection) => connection.end(bound)));
    await Promise.all([listening, this.#pair.udp.close()]);
  }
}
