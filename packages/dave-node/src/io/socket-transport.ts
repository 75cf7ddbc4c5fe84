import type { Socket } from 'node:net';
import type { Transport, TransportHandlers } from '../transport.ts';
import { bindPair } from './bind-pair.ts';
import { ConnectionSet } from './connection-set.ts';
import { resolveHost } from './dns.ts';
import { parseListen } from './listen-address.ts';
import { SocketEndpoint } from './socket-endpoint.ts';

export interface SocketTransportOptions {
  /** Asked of the system for each direction of the UDP socket; it may give less. Default 4 MiB. */
  udpBufferBytes?: number;
}

/** Real sockets: `node:dgram` and `node:net`. Stateless, one may serve several nodes. */
export class SocketTransport implements Transport {
  readonly #udpBufferBytes: number;

  constructor(options: SocketTransportOptions = {}) {
    this.#udpBufferBytes = options.udpBufferBytes ?? 4 * 1024 * 1024;
  }

  async bind(listen: string, handlers: TransportHandlers): Promise<SocketEndpoint> {
    const at = await parseListen(listen);
    const connections = new ConnectionSet((error) => handlers.onError(error));
    const pair = await bindPair(at, this.#udpBufferBytes, {
      onPacket: (message, from, sizeBytes) => handlers.onPacket(message, from, sizeBytes),
      onMalformed: (code, from, sizeBytes) => handlers.onMalformed(code, from, sizeBytes),
      onError: (error) => handlers.onError(error),
      onSocket: (socket) => accept(socket, connections, handlers),
    });
    return new SocketEndpoint(pair, connections);
  }

  async resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    return await resolveHost(host, signal);
  }
}

function accept(socket: Socket, connections: ConnectionSet, handlers: TransportHandlers): void {
  if (socket.remoteAddress === undefined) {
    // Reset before it was accepted: there is nobody to talk to.
    socket.destroy();
    return;
  }
  const connection = connections.adopt(socket);
  try {
    handlers.onConnection(connection);
  } catch (error) {
    connection.destroy();
    handlers.onError(error as Error);
  }
}
