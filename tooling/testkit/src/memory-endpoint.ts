import { MemoryConnection } from './memory-connection.ts';
import { MemoryNetworkError } from './memory-network-error.ts';
import type { MemoryHost } from './memory-host.ts';
import type { MemoryNetwork } from './memory-network.ts';
import type { Address, EndpointHandlers } from './network-types.ts';
import { ReliableLane } from './reliable-lane.ts';

/** A bound port of a memory host: datagrams at the port, streams as if at the port above it. */
export class MemoryEndpoint<Message> {
  readonly address: Address;
  readonly handlers: EndpointHandlers<Message>;
  readonly #network: MemoryNetwork<Message>;
  readonly #host: MemoryHost<Message>;
  readonly #connections = new Set<MemoryConnection<Message>>();
  readonly #closed = new AbortController();

  /** Made by `MemoryHost.bind`. */
  constructor(network: MemoryNetwork<Message>, host: MemoryHost<Message>, port: number, handlers: EndpointHandlers<Message>) {
    this.#network = network;
    this.#host = host;
    this.handlers = handlers;
    this.address = { address: host.address, port };
  }

  /** Sends one datagram, best effort; after a close or a crash it goes nowhere. */
  send(message: Message, to: Address): void {
    if (this.#dead) return;
    this.#network.datagram(message, this.address, { ...to });
  }

  /** Dials the stream side of the endpoint at `to`. Rejects with NODE_CONNECT_FAILED, NODE_CLOSED or `signal.reason`. */
  connect(to: Address, signal: AbortSignal): Promise<MemoryConnection<Message>> {
    const network = this.#network;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#dead) return reject(new MemoryNetworkError('NODE_CLOSED', 'the endpoint is closed'));
      const lane = new ReliableLane(network, this.#host, to.address, undefined);
      let settled = false;
      let dialled: MemoryConnection<Message> | undefined;
      const fail = (error: unknown): void => {
        if (settled) return;
        settled = true;
        cleanUp();
        lane.stop();
        dialled?.destroy();
        reject(error);
      };
      const onAbort = (): void => fail(signal.reason);
      const onClose = (): void => fail(new MemoryNetworkError('NODE_CLOSED', 'the endpoint was closed while dialling'));
      const cleanUp = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#closed.signal.removeEventListener('abort', onClose);
      };
      signal.addEventListener('abort', onAbort);
      this.#closed.signal.addEventListener('abort', onClose);
      lane.onLost = (): void => fail(new MemoryNetworkError('NODE_CONNECT_FAILED', `${to.address}:${to.port + 1} does not answer`));
      lane.post(() => {
        if (settled) return;
        const listenerHost = network.hostAt(to.address)!;
        const listener = listenerHost.endpointAt(to.port);
        const answer = new ReliableLane(network, listenerHost, this.#host.address, this.#host);
        if (listener === undefined) {
          answer.post(() => fail(new MemoryNetworkError('NODE_CONNECT_FAILED', `${to.address}:${to.port + 1} refused the connection`)));
          return;
        }
        lane.expected = listenerHost;
        const from = { address: this.#host.address, port: this.#host.dialPort() };
        const local = new MemoryConnection(network, this.#host, { address: to.address, port: to.port + 1 }, lane);
        const remote = new MemoryConnection(network, listenerHost, from, answer);
        local.other = remote;
        remote.other = local;
        dialled = local;
        listener.adopt(remote);
        listener.handlers.onConnection(remote);
        answer.post(() => {
          if (settled) return;
          settled = true;
          cleanUp();
          this.adopt(local);
          resolve(local);
        });
      });
    });
  }

  /** Stops listening, ends connections after what they have queued, releases the port. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    if (!this.#host.crashed) this.#host.release(this.address.port);
    for (const connection of this.#connections) connection.hangUp();
  }

  /** Makes a connection end with this endpoint. */
  adopt(connection: MemoryConnection<Message>): void {
    this.#connections.add(connection);
    connection.onGone = (): void => {
      this.#connections.delete(connection);
    };
  }

  get #dead(): boolean {
    return this.#closed.signal.aborted || this.#host.crashed;
  }
}
