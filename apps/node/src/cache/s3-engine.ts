import { S3CacheBackend } from '@p2p/cache-backend/s3';
import type { S3Settings } from '../config/shared-cache-settings.ts';
import { connectS3 } from './s3-connection.ts';
import type { LocalSide, SharedEngine } from './shared-cache.ts';

/** Index and bytes in S3. */
export function s3Engine(settings: S3Settings, local: LocalSide): SharedEngine {
  const { client, connect, end, refusal } = connectS3(settings);
  const { bucket, prefix } = settings;
  return { connect, open: () => S3CacheBackend.open({ ...local, client, bucket, prefix }), end, refusal };
}
