export { RedisCacheBackend, type RedisCacheOptions } from './redis-cache-backend.ts';
export type { RedisClient } from './commands.ts';
export type { RemoteCacheOptions } from '../remote/remote-parts.ts';
export type { BlobSource, BlobState, BlobStore } from '../remote/blob-store.ts';
