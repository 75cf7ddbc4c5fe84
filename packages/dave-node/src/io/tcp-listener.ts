import type { AddrPort } from '@p2p/dave-wire';
import { createServer, type Server, type Socket } from 'node:net';

/** A listening TCP port. */
export class TcpListener {
  readonly #server: Server;

  private constructor(server: Server, onError: (error: Error) => void) {
    this.#server = server;
    server.on('error', onError);
  }

  /** Rejects with the system's error. */
  static bind(at: AddrPort, onSocket: (socket: Socket) => void, onError: (error: Error) => void): Promise<TcpListener> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', () => {
        server.removeListener('error', reject);
        resolve(new TcpListener(server, onError));
      });
      server.on('connection', onSocket);
      server.listen({ host: at.address, port: at.port, ipv6Only: false, exclusive: true });
    });
  }

  /** Stops listening; resolves when the accepted connections are gone too. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
