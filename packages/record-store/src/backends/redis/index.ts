export { RedisRecordStore, type RedisRecordStoreOptions } from './redis-record-store.ts';
export type { IoRedisLike, NodeRedisClusterLike, NodeRedisLike, RedisClientLike } from './redis-client.ts';
