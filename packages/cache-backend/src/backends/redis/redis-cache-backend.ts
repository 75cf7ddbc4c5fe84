import * as z from 'zod/mini';
import { CacheError } from '../../errors.ts';
import { CacheEmitter } from '../../events.ts';
import type { BlobStore } from '../remote/blob-store.ts';
import { RemoteCache } from '../remote/remote-cache.ts';
import { openLocalSide, type RemoteCacheOptions } from '../remote/remote-parts.ts';
import { Commands, type RedisClient } from './commands.ts';
import { RedisIndex } from './redis-index.ts';
import { SharedDirectoryBlobs } from './shared-directory-blobs.ts';

/** Everything that a Redis cache can be told. */
export interface RedisCacheOptions extends RemoteCacheOptions {
  /** A connected client; it stays yours to close, and to have reconnect. */
  readonly client: RedisClient;
  /** Where the bytes are: a directory that all machines mount, or a store such as `s3Blobs`. All machines must give the same. */
  readonly bytes: { readonly sharedDir: string } | BlobStore;
  /** Names the cache within the server, 1 to 200 characters without braces. Default `p2p-cache`. */
  readonly namespace?: string | undefined;
  /** Leases end when they were not renewed for so long, 300 ms to 1 h; renewed three times as often. Default 30 s. */
  readonly leaseMs?: number | undefined;
  /** A command that is not answered for so long failed, 10 ms to 10 min. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

const schema = z.object({
  dir: z.string().check(z.minLength(1)),
  graceMs: z._default(z.int().check(z.minimum(0), z.maximum(31 * 86_400_000)), 3_600_000),
  namespace: z._default(z.string().check(z.regex(/^[^{}]{1,200}$/)), 'p2p-cache'),
  leaseMs: z._default(z.int().check(z.minimum(300), z.maximum(3_600_000)), 30_000),
  timeoutMs: z._default(z.int().check(z.minimum(10), z.maximum(600_000)), 10_000),
});

/**
 * A cache of a fleet: the index, leases, order of access and the right to build are in Redis or Valkey, the bytes on a
 * shared file system or in S3, and each machine works on local copies.
 *
 * ```ts
 * const client = await createClient({ url: 'redis://127.0.0.1' }).connect();
 * const cache = await RedisCacheBackend.open({ client, bytes: { sharedDir: '/mnt/cache' }, dir: './cache' });
 * ```
 */
export class RedisCacheBackend extends RemoteCache {
  /**
   * Asks the server whether it will do, and opens the local directory.
   * @throws TypeError for bad options; CacheError CACHE_REMOTE when the server does not answer, CACHE_UNSUPPORTED when it
   * may evict what it holds, and what opening a local cache throws.
   */
  static async open(options: RedisCacheOptions): Promise<RedisCacheBackend> {
    const result = z.safeParse(schema, options);
    if (!result.success) throw new TypeError(`cache options: ${result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
    const { namespace, leaseMs, timeoutMs, graceMs } = result.data;
    const commands = new Commands(options.client, timeoutMs);
    await checkServer(commands, namespace);
    const blobs = 'sharedDir' in options.bytes ? await SharedDirectoryBlobs.open(options.bytes.sharedDir) : options.bytes;
    const events = new CacheEmitter();
    const local = await openLocalSide(options);
    const index = new RedisIndex(commands, namespace, leaseMs, (error) => events.emit({ type: 'degraded', operation: 'lease', error: error as Error }));
    return new RedisCacheBackend({ tier: 'redis', index, blobs, graceMs, events, ...local });
  }
}

/** A server that evicts on its own would take the index away as a whole. */
async function checkServer(commands: Commands, namespace: string): Promise<void> {
  const info = String(await commands.send(['INFO', 'memory'], `{${namespace}}`));
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy?.startsWith('allkeys-') === true) throw new CacheError('CACHE_UNSUPPORTED', `Redis has maxmemory-policy ${policy} and may evict the index: set noeviction, or a volatile-* policy`);
}
