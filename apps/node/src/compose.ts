import { join } from 'node:path';
import { LocalCacheBackend, TieredCacheBackend, type CacheBackend } from '@p2p/cache-backend';
import { DaveNode, type DaveNodeOptions, type Logger, type NodeMode, type PeerHints } from '@p2p/dave-node';
import type { KeyPair } from '@p2p/dave-wire';
import { MemoryRecordStore, type RecordStore, type RecordStoreOptions } from '@p2p/record-store';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';
import { TRACE } from '@p2p/trace';
import { pino } from 'pino';
import { CheckedCache } from './cache/checked-cache.ts';
import { checkTree } from './cache/check-tree.ts';
import { openSharedCache } from './cache/open-shared-cache.ts';
import type { SharedCache } from './cache/shared-cache.ts';
import { AppError, codeOf } from './cli/app-error.ts';
import type { Config } from './config/schema.ts';
import { sharedCacheSettings } from './config/shared-cache-settings.ts';
import { withoutPassword } from './config/without-password.ts';
import { CachedTrees } from './publish/io/cached-trees.ts';
import { dropStaleBlocks } from './publish/io/incoming-blocks.ts';
import type { TreeStore } from './publish/tree-store.ts';
import { datRecordOptions } from './store/dat-records.ts';
import { sweeping, type NodeRecords } from './store/node-records.ts';
import { recordsPath } from './store/stopped-store.ts';
import { createNodeLog, keepLog, logFor, withLog } from './trace/trace-logs.ts';

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

/** How long a Redis server may take to answer at the start. */
const REDIS_CONNECT_MS = 5000;
/** A command that met a failure of the shared cache does without it for so long. */
const SHARED_RETRY_MS = 60_000;

/**
 * Where this node keeps its dats, as configured. A damaged file is set aside, and what is intact goes on.
 * @throws RecordStoreError RECORD_STORE_CONFIG, RECORD_STORE_IO, RECORD_STORE_UNAVAILABLE; AppError APP_CONFIG
 */
export async function openRecords(config: Config, keyPair: KeyPair, logger: Logger): Promise<NodeRecords> {
  const options: RecordStoreOptions = datRecordOptions(keyPair.publicKey);
  if (TRACE) options.traceLog = createNodeLog(keyPair.publicKey, 'peer');
  const onSweepFailure = (error: Error): void => logger.error('sweeping the records failed', { error: error.message });
  if (config.records === 'memory') {
    const store = new MemoryRecordStore(options);
    if (TRACE) keepLog(store, options.traceLog);
    return { engine: 'memory', place: 'memory', store, [Symbol.asyncDispose]: () => store.close() };
  }
  if (config.records === 'redis') return await openRedis(config, options, logger);
  const path = recordsPath(config.dataDir);
  const opening = LmdbRecordStore.open({
    ...options,
    path,
    damaged: 'salvage',
    onSalvaged: (report) => logger.error('the record file was damaged: what is intact was saved, the network has the rest', { ...report, damage: report.damage.slice(0, 5) }),
    onDamaged: (error, key) => logger.error('a stored record is damaged', { error: error.message, key: Buffer.from(key).toString('hex') }),
  });
  const store = await opening.catch((error: unknown) => {
    if (codeOf(error) === 'RECORD_STORE_IN_USE') throw new AppError('APP_DAEMON_RUNNING', `${(error as Error).message}; or run this one with another --data-dir`, { cause: error });
    throw error;
  });
  if (TRACE) keepLog(store, options.traceLog);
  const sweeps = sweeping(store, onSweepFailure);
  return {
    engine: 'lmdb',
    place: path,
    store,
    lmdb: store,
    [Symbol.asyncDispose]: async () => {
      sweeps[Symbol.dispose]();
      await store.close();
    },
  };
}

async function openRedis(config: Config, options: RecordStoreOptions, logger: Logger): Promise<NodeRecords> {
  const { redisUrl, redisNamespace, redisDurable } = config;
  if (redisUrl === undefined) throw new AppError('APP_CONFIG', 'records is redis, but redisUrl is missing: name the server, for example redisUrl: redis://127.0.0.1:6379');
  // Only for those who use it: commands start faster without.
  const [{ createClient, ErrorReply }, { RedisRecordStore }] = await Promise.all([import('redis'), import('@p2p/record-store/redis')]);
  const client = createClient({ url: redisUrl });
  let refusal: string | undefined;
  client.on('error', (error: Error) => {
    if (error instanceof ErrorReply) refusal = error.message;
  });
  client.on('error', (error: Error) => logger.warn('the connection to Redis failed; it is tried again', { error: error.message || String((error as { code?: unknown }).code) }));
  try {
    await connectInTime(client, redisUrl, () => refusal);
    const store = await RedisRecordStore.open({ ...options, client, durable: redisDurable, ...(redisNamespace === undefined ? {} : { namespace: redisNamespace }) });
    if (TRACE) keepLog(store, options.traceLog);
    const sweeps = sweeping(store, (error) => logger.error('sweeping the records failed', { error: error.message }));
    return {
      engine: 'redis',
      place: withoutPassword(redisUrl),
      store,
      [Symbol.asyncDispose]: async () => {
        sweeps[Symbol.dispose]();
        await store.close();
        client.destroy();
      },
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** `refusal`: what the server answered last when it refused the connection, a wrong password for example. */
async function connectInTime(client: { connect(): Promise<unknown> }, url: string, refusal: () => string | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const place = withoutPassword(url);
    timer = setTimeout(() => {
      const said = refusal();
      reject(new AppError('APP_CONFIG', said === undefined ? `no Redis answers at ${place}: start it, or correct redisUrl` : `the Redis at ${place} refuses this node (${said}): correct user and password in redisUrl`));
    }, REDIS_CONNECT_MS);
  });
  try {
    await Promise.race([client.connect(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The only place that chooses implementations and wires them into a node. */
export function composeNode(
  config: Config,
  wiring: { keyPair: KeyPair; mode: NodeMode; logger: Logger; listen?: string; pingMs?: number; peerHints?: PeerHints; records?: RecordStore; signal?: AbortSignal },
): Promise<DaveNode> {
  const options: DaveNodeOptions = {
    privateKey: wiring.keyPair.privateKey,
    listen: wiring.listen ?? config.listen,
    edges: config.edges,
    mode: wiring.mode,
    shardCapacityBytes: Math.floor(config.capacity / SHARDS),
    logger: wiring.logger,
    ...(wiring.peerHints === undefined ? {} : { peerHints: wiring.peerHints }),
    ...(wiring.records === undefined ? {} : { records: wiring.records }),
    ...(wiring.pingMs === undefined ? {} : { intervals: { pingMs: wiring.pingMs } }),
    ...(config.verifyThreads === undefined ? {} : { verifyThreads: config.verifyThreads }),
    ...(wiring.signal === undefined ? {} : { signal: wiring.signal }),
  };
  if (TRACE) options.traceLog = logFor(wiring.records, wiring.keyPair.publicKey, wiring.mode);
  const opening = DaveNode.open(options);
  if (TRACE && options.traceLog !== undefined) return withLog(opening, options.traceLog);
  return opening;
}

/** The cache of fetched trees on this machine: a directory beside everything else of this node. */
export function openLocalTrees({ dataDir, cacheCapacity }: Config): Promise<CacheBackend> {
  return LocalCacheBackend.open({ dir: join(dataDir, 'cache'), limits: { maxBytes: cacheCapacity } });
}

/**
 * The cache that machines share, as configured; undefined where each has only its own.
 * @throws AppError APP_CONFIG, APP_CACHE_UNREACHABLE; `signal.reason`
 */
export async function openSharedTrees(config: Config, signal: AbortSignal): Promise<SharedCache | undefined> {
  const settings = sharedCacheSettings(config);
  if (settings === undefined) return undefined;
  if ('problem' in settings) throw new AppError('APP_CONFIG', settings.problem);
  // Every tree that is fetched goes on to the local cache: a copy here is needed no longer than that takes.
  return await openSharedCache(settings, { dir: join(config.dataDir, 'shared-cache'), localLimits: { maxEntries: 1, maxBytes: config.cacheCapacity } }, { signal });
}

/** The local cache with the shared one behind it where there is one. Without its servers this machine goes on alone. */
async function openTiers(local: CacheBackend, config: Config, { signal, logger }: { signal: AbortSignal; logger: Logger }): Promise<CacheBackend> {
  const shared = await openSharedTrees(config, signal).catch((error: unknown) => {
    if (codeOf(error) !== 'APP_CACHE_UNREACHABLE') throw error;
    logger.warn('going on without the shared cache', { error: (error as Error).message });
    return undefined;
  });
  if (shared === undefined) return local;
  const tiers = new TieredCacheBackend(local, new CheckedCache(shared, checkTree(logger)), { retryAfterMs: SHARED_RETRY_MS, fill: { owner: 'ignore', xattrs: 'ignore' } });
  tiers.on('degraded', ({ operation, error }) => logger.warn('the shared cache failed', { operation, place: shared.place, error: error.message }));
  return tiers;
}

/** The caches as fetching uses them. */
export async function openTreeStore(config: Config, wiring: { signal: AbortSignal; logger: Logger }): Promise<TreeStore> {
  await dropStaleBlocks(config.dataDir, Date.now());
  const local = await openLocalTrees(config);
  return new CachedTrees(local, () => openTiers(local, config, wiring));
}
