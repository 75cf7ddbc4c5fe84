import { DaveNode, type DaveNodeOptions, type Logger, type NodeMode } from '@p2p/dave-node';
import type { KeyPair } from '@p2p/dave-wire';
import { pino } from 'pino';
import type { Config } from './config/schema.ts';

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
  keyPair: KeyPair,
  overrides: { mode: NodeMode; listen?: string; pingMs?: number; signal?: AbortSignal; logger?: Logger },
): Promise<DaveNode> {
  const options: DaveNodeOptions = {
    privateKey: keyPair.privateKey,
    listen: overrides.listen ?? config.listen,
    edges: config.edges,
    mode: overrides.mode,
    shardCapacityBytes: Math.floor(config.capacity / SHARDS),
    logger: overrides.logger ?? createLogger(config.logLevel),
    ...(overrides.pingMs === undefined ? {} : { intervals: { pingMs: overrides.pingMs } }),
    ...(config.verifyThreads === undefined ? {} : { verifyThreads: config.verifyThreads }),
    ...(overrides.signal === undefined ? {} : { signal: overrides.signal }),
  };
  return DaveNode.open(options);
}
