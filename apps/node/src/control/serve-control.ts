import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { BootstrapCache } from '@p2p/bootstrap-cache';
import type { DaveNode } from '@p2p/dave-node';
import type { StoreTasks } from '../store/store-tasks.ts';
import { controlApp } from './control-app.ts';
import { listenPrivately } from './control-socket.ts';

/** How long requests that are underway may take once the daemon stops: half of what a stop may take in all. */
const DRAIN_MS = 5000;
const MAX_CONNECTIONS = 64;

/**
 * Serves the node to the commands of the same user. Disposing of it takes no new requests and waits for those underway.
 * @throws AppError APP_DAEMON_RUNNING when another daemon owns the socket
 */
export async function serveControl(node: DaveNode, memory: BootstrapCache, socketPath: string, store?: StoreTasks): Promise<AsyncDisposable> {
  const server = createAdaptorServer({ fetch: controlApp(node, memory, Date.now(), store).fetch }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  // A tree that is published comes in one request, however long its proofs of work take.
  server.requestTimeout = 0;
  await listenPrivately(server, socketPath);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        const impatience = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
        server.close(() => {
          clearTimeout(impatience);
          resolve();
        });
      }),
  };
}
