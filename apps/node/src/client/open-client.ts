import { TRACE } from '@p2p/trace';
import { AppError } from '../cli/app-error.ts';
import type { Config } from '../config/schema.ts';
import { controlSocketPath, isServed } from '../control/control-socket.ts';
import { NOT_TRACED } from '../trace/not-traced.ts';
import type { BulkClient } from './bulk.ts';
import type { Client } from './client.ts';
import { DaemonClient } from './daemon-client.ts';
import { ShortLivedClient } from './short-lived-client.ts';

/**
 * The daemon of the data directory where one runs, else a node for this command alone.
 * @throws AppError APP_CONFIG without daemon and edges, APP_NOT_TRACED; NodeError NODE_NO_PEERS, NODE_TIMEOUT; `signal.reason`
 */
export async function openClient(config: Config, options: { timeoutMs: number; signal: AbortSignal; trace?: boolean }): Promise<Client & BulkClient> {
  const socketPath = controlSocketPath(config.dataDir);
  if (await isServed(socketPath)) return new DaemonClient(socketPath);
  if (config.edges.length === 0) {
    throw new AppError('APP_CONFIG', `no daemon runs on ${config.dataDir} and no edges are configured; start one with: dave up, or name a peer with: --edge host:port`);
  }
  // Nothing of what a node does is recorded in a build without tracing, so it is not worth starting one.
  if (!TRACE && options.trace === true) throw new AppError(NOT_TRACED.code, NOT_TRACED.program);
  return await ShortLivedClient.open(config, options);
}
