import type { Timer } from '../../env.ts';
import type { Connection } from '../../transport.ts';
import { count } from '../counters.ts';
import { IncomingConnection, type ConnectionModules, type ConnectionOptions } from './incoming-connection.ts';
import type { Ingest } from './ingest.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';

/** How often connections that the queue for verification holds back are looked at, should nothing else resume them. */
const HELD_CHECK_MS = 20;

type ServiceOptions = ConnectionOptions & Pick<OperationsOptions, 'maxConnections' | 'maxConnectionsPerIp'>;
type ServiceModules = ConnectionModules & Pick<OperationsModules, 'isExempt'>;

/**
 * All incoming TCP connections, bounded per IP address and in all. One too many replaces the one that
 * has been without a PUT for longest, if that is more than a second; else it is accepted and closed,
 * never refused: a refused dial crashes a Go node.
 */
export class TcpService {
  readonly #options: ServiceOptions;
  readonly #modules: ServiceModules;
  readonly #ingest: Ingest;
  readonly #connections = new Set<IncomingConnection>();
  readonly #held = new Set<IncomingConnection>();
  #heldTimer: Timer | undefined;
  #stopped = false;

  constructor(options: ServiceOptions, modules: ServiceModules, ingest: Ingest) {
    this.#options = options;
    this.#modules = modules;
    this.#ingest = ingest;
  }

  get size(): number {
    return this.#connections.size;
  }

  accept(connection: Connection): void {
    const { counters, emitter, isExempt } = this.#modules;
    const { maxConnections, maxConnectionsPerIp } = this.#options;
    const host = connection.remote.address;
    const fits =
      !this.#stopped &&
      (isExempt?.(connection.remote) === true || this.#makeRoom((other) => other.host === host, maxConnectionsPerIp)) &&
      this.#makeRoom(() => true, maxConnections);
    if (!fits) {
      count(counters.connections, 'accepted-and-closed');
      emitter.emit('shed', { what: 'connection', reason: `too many connections, one more from ${host}` });
      connection.destroy();
      return;
    }
    count(counters.connections, 'accepted');
    const incoming = new IncomingConnection(connection, this.#options, this.#modules, this.#ingest, {
      onClosed: (closed) => this.#forget(closed),
      onHeld: (held) => this.#hold(held),
      onFailure: (error) => {
        if (!this.#stopped) emitter.emit('error', { error: error as Error });
      },
    });
    this.#connections.add(incoming);
    incoming.start();
  }

  /** Closes them all. */
  stop(): void {
    this.#stopped = true;
    this.#heldTimer?.cancel();
    for (const connection of this.#connections) connection.close('closed-with-node');
  }

  #makeRoom(among: (connection: IncomingConnection) => boolean, limit: number): boolean {
    let present = 0;
    let idlest: IncomingConnection | undefined;
    for (const connection of this.#connections) {
      if (!among(connection)) continue;
      present += 1;
      if (idlest === undefined || connection.idleMs > idlest.idleMs) idlest = connection;
    }
    if (present < limit) return true;
    if (idlest === undefined || idlest.idleMs < this.#options.connectionIdleMs) return false;
    idlest.close('closed-for-room');
    return true;
  }

  #forget(connection: IncomingConnection): void {
    this.#connections.delete(connection);
    this.#held.delete(connection);
  }

  #hold(connection: IncomingConnection): void {
    count(this.#modules.counters.connections, 'paused');
    this.#held.add(connection);
    this.#heldTimer ??= this.#checkLater();
  }

  #checkLater(): Timer {
    return this.#modules.clock.setTimer(HELD_CHECK_MS, () => {
      for (const connection of this.#held) if (connection.resume()) this.#held.delete(connection);
      this.#heldTimer = this.#held.size > 0 && !this.#stopped ? this.#checkLater() : undefined;
    });
  }
}
