import { DaveNode, type Logger } from '@p2p/dave-node';
import { FANOUT, type KeyPair } from '@p2p/dave-wire';
import { composeNode, createLogger } from '../compose.ts';
import type { Config } from '../config/schema.ts';
import { AppError, codeOf } from './app-error.ts';

/** A command does not live long enough for the pace of a daemon: peers that are no edges count after five PINGs. */
const PING_MS = 250;
/** How long to wait for more peers once one is there. */
const MORE_PEERS_MS = 3000;

/**
 * A client node for one command, joined as far as it gets: with five peers a value finds its replicas in a small network.
 * @throws AppError APP_CONFIG without edges; NodeError NODE_NO_PEERS, NODE_TIMEOUT
 */
export async function openShortLived(config: Config, keyPair: KeyPair, timeoutMs: number, signal: AbortSignal): Promise<DaveNode> {
  if (config.edges.length === 0) {
    throw new AppError('APP_CONFIG', `no daemon runs on ${config.dataDir} and no edges are configured; start one with: dave up, or name a peer with: --edge host:port`);
  }
  const node = await composeNode(config, keyPair, { mode: 'client', listen: '[::]:0', pingMs: PING_MS, signal, logger: quietLogger(config.logLevel) });
  try {
    await node.waitForActivePeers(1, { timeoutMs, signal });
    await node.waitForActivePeers(FANOUT, { timeoutMs: Math.min(MORE_PEERS_MS, timeoutMs), signal }).catch((error: unknown) => {
      // A smaller network is no failure.
      if (codeOf(error) !== 'NODE_TIMEOUT' && codeOf(error) !== 'NODE_NO_PEERS') throw error;
    });
    return node;
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** A node that lives for one command only speaks up when something is wrong. */
function quietLogger(level: Config['logLevel']): Logger {
  return createLogger(level === 'info' ? 'warn' : level);
}
