import * as z from 'zod/mini';
import { CacheEmitter } from '../../events.ts';
import type { BlobStore } from '../remote/blob-store.ts';
import { RemoteCache } from '../remote/remote-cache.ts';
import { openLocalSide, type RemoteCacheOptions } from '../remote/remote-parts.ts';
import { Bucket, type S3Place } from './bucket.ts';
import { probeStore } from './probe.ts';
import { S3Blobs } from './s3-blobs.ts';
import { S3Index } from './s3-index.ts';

/** Everything that an S3 cache can be told. */
export interface S3CacheOptions extends RemoteCacheOptions, S3Place {
  /** The right to build is renewed three times within this; a holder that did not is taken for dead, 300 ms to 1 h. Default 30 s. */
  readonly lockMs?: number | undefined;
}

const place = {
  bucket: z.string().check(z.minLength(1)),
  prefix: z._default(z.string().check(z.maxLength(512)), ''),
  timeoutMs: z._default(z.int().check(z.minimum(10), z.maximum(600_000)), 30_000),
};
const schema = z.object({
  ...place,
  dir: z.string().check(z.minLength(1)),
  graceMs: z._default(z.int().check(z.minimum(0), z.maximum(31 * 86_400_000)), 3_600_000),
  lockMs: z._default(z.int().check(z.minimum(300), z.maximum(3_600_000)), 30_000),
});

/**
 * A cache of a fleet in any S3 that writes on condition: blobs by digest, pointers replaced by If-Match, and each machine
 * works on local copies.
 *
 * ```ts
 * const cache = await S3CacheBackend.open({ client: new S3Client({}), bucket: 'builds', prefix: 'cache/', dir: './cache' });
 * ```
 */
export class S3CacheBackend extends RemoteCache {
  /**
   * Probes the store and opens the local directory.
   * @throws TypeError for bad options; CacheError CACHE_UNSUPPORTED when the store does not heed conditions, CACHE_REMOTE
   * when it cannot be reached or refuses, and what opening a local cache throws.
   */
  static async open(options: S3CacheOptions): Promise<S3CacheBackend> {
    const { bucket: name, prefix, timeoutMs, graceMs, lockMs } = check(schema, options);
    const bucket = new Bucket({ client: options.client, bucket: name, prefix, timeoutMs });
    const { canRemoveIf, offsetMs } = await probeStore(bucket);
    const nowMs = (): number => Date.now() + offsetMs;
    const events = new CacheEmitter();
    const local = await openLocalSide(options);
    const index = new S3Index(bucket, nowMs, lockMs, canRemoveIf, (error) => events.emit({ type: 'degraded', operation: 'access', error: error as Error }));
    return new S3CacheBackend({ tier: 's3', index, blobs: new S3Blobs(bucket, nowMs), graceMs, events, ...local });
  }
}

/** Bytes in S3 for a cache whose index is elsewhere, such as `RedisCacheBackend`. Needs no conditional writes. */
export function s3Blobs(options: S3Place): BlobStore {
  const { bucket, prefix, timeoutMs } = check(z.object(place), options);
  return new S3Blobs(new Bucket({ client: options.client, bucket, prefix, timeoutMs }), () => Date.now());
}

function check<T extends z.ZodMiniType>(what: T, options: unknown): z.infer<T> {
  const result = z.safeParse(what, options);
  if (result.success) return result.data;
  throw new TypeError(`cache options: ${result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
}
