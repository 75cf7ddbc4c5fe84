/** The settings about the cache, as the configuration has them. */
export interface CacheKeys {
  readonly cache: 'local' | 'redis' | 's3';
  readonly redisUrl?: string | undefined;
  readonly cacheRedisUrl?: string | undefined;
  readonly cacheRedisNamespace: string;
  readonly cacheSharedDir?: string | undefined;
  readonly cacheS3Bucket?: string | undefined;
  readonly cacheS3Prefix?: string | undefined;
  readonly cacheS3Endpoint?: string | undefined;
  readonly cacheS3Region?: string | undefined;
}

/** Where in S3. Credentials, and what is left out, are found as the AWS SDK finds them. */
export interface S3Settings {
  readonly bucket: string;
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

/** A cache that machines share: what keeps its index, and what its bytes. */
export type SharedCacheSettings =
  | { readonly index: 'redis'; readonly url: string; readonly namespace: string; readonly bytes: { readonly sharedDir: string } | S3Settings }
  | { readonly index: 's3'; readonly bytes: S3Settings };

/** A setting that is missing or does not go with the others. */
export interface SettingsProblem {
  readonly key: keyof CacheKeys;
  readonly problem: string;
}

/** Undefined where each machine has only its own cache. */
export function sharedCacheSettings(config: CacheKeys): SharedCacheSettings | SettingsProblem | undefined {
  const { cache, cacheSharedDir: sharedDir, cacheRedisNamespace: namespace } = config;
  if (cache === 'local') return undefined;
  if (cache === 's3') {
    if (sharedDir !== undefined) return { key: 'cacheSharedDir', problem: 'a shared directory goes with cache: redis, which keeps its index: remove it, or set cache: redis' };
    const bytes = s3Settings(config, 'dave-cache/');
    return bytes === undefined ? { key: 'cache', problem: 'cacheS3Bucket is missing: name the bucket, for example cacheS3Bucket: my-cache' } : { index: 's3', bytes };
  }
  const url = config.cacheRedisUrl ?? config.redisUrl;
  if (url === undefined) return { key: 'cache', problem: 'cacheRedisUrl is missing: name the server, for example cacheRedisUrl: redis://127.0.0.1:6379' };
  // Apart from what `cache: s3` keeps: neither of two indexes knows what the other still needs.
  const s3 = s3Settings(config, `${namespace}-bytes/`);
  if (s3 !== undefined && sharedDir !== undefined) return { key: 'cacheSharedDir', problem: 'cacheS3Bucket is set as well: the bytes are either in a shared directory or in S3' };
  const bytes = sharedDir === undefined ? s3 : { sharedDir };
  return bytes === undefined ? { key: 'cache', problem: 'Redis keeps the index only: name a place for the bytes, for example cacheSharedDir: /mnt/shared/dave-cache, or cacheS3Bucket: my-cache' } : { index: 'redis', url, namespace, bytes };
}

function s3Settings({ cacheS3Bucket: bucket, cacheS3Prefix, cacheS3Endpoint: endpoint, cacheS3Region: region }: CacheKeys, defaultPrefix: string): S3Settings | undefined {
  return bucket === undefined ? undefined : { bucket, prefix: cacheS3Prefix ?? defaultPrefix, endpoint, region };
}
