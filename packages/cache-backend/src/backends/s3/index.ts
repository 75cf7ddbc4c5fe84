export { S3CacheBackend, s3Blobs, type S3CacheOptions } from './s3-cache-backend.ts';
export type { S3Place } from './bucket.ts';
export type { RemoteCacheOptions } from '../remote/remote-parts.ts';
export type { BlobSource, BlobState, BlobStore } from '../remote/blob-store.ts';
