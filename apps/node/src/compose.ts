import { join } from 'node:path';
import { LocalCacheBackend, type CacheBackend } from '@p2p/cache-backend';
import { DaveNode, type DaveNodeOptions, type Logger, type NodeMode, type PeerHints } from '@p2p/dave-node';
import type { KeyPair } from '@p2p/dave-wire';
import { pino } from 'pino';
import type { Config } from './config/schema.ts';
import { CachedTrees } from './publish/io/cached-trees.ts';
import { prepareStaging } from './publish/io/staging.ts';
import type { TreeStore } from './publish/tree-store.ts';

const SHARDS = 256;

/** Log lines as JSON on stderr: stdout is for data. */
export function createLogger(level: Config['logLevel']): Logger {
  const target = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  const line =
    (method: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: Record<string, unknown>): void =>
      target[method](fields ?? {}, message);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** The only place that chooses implementations and wires them into a node. */
export function composeNode(
  config: Config,
  wiring: { keyPair: KeyPair; mode: NodeMode; logger: Logger; listen?: string; pingMs?: number; peerHints?: PeerHints; signal?: AbortSignal },
): Promise<DaveNode> {
  const options: DaveNodeOptions = {
    privateKey: wiring.keyPair.privateKey,
    listen: wiring.listen ?? config.listen,
    edges: config.edges,
    mode: wiring.mode,
    shardCapacityBytes: Math.floor(config.capacity / SHARDS),
    logger: wiring.logger,
    ...(wiring.peerHints === undefined ? {} : { peerHints: wiring.peerHints }),
    ...(wiring.pingMs === undefined ? {} : { intervals: { pingMs: wiring.pingMs } }),
    ...(config.verifyThreads === undefined ? {} : { verifyThreads: config.verifyThreads }),
    ...(wiring.signal === undefined ? {} : { signal: wiring.signal }),
  };
  return DaveNode.open(options);
}

/** The cache of fetched trees: a directory beside everything else of this node. */
export function openTreeCache(config: Pick<Config, 'dataDir' | 'cacheCapacity'>): Promise<CacheBackend> {
  return LocalCacheBackend.open({ dir: join(config.dataDir, 'cache'), limits: { maxBytes: config.cacheCapacity } });
}

/** The same, as fetching uses it: trees are put together beside the cache and moved into it. */
export async function openTreeStore(config: Pick<Config, 'dataDir' | 'cacheCapacity'>): Promise<TreeStore> {
  const staging = join(config.dataDir, 'publish', 'staging');
  await prepareStaging(staging, Date.now());
  return new CachedTrees(await openTreeCache(config), staging);
}
