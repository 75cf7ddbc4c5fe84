import { randomUUID } from 'node:crypto';
import type { RedisClientType } from 'redis';
import type { Subject } from './subjects.ts';

/** What the client and the server do by themselves for one SET or GET: no limits, no counts, no decisions. */
export function bareRedis(client: Pick<RedisClientType, 'sendCommand'>): Subject {
  const prefix = Buffer.from(`bare-${randomUUID()}:`);
  const named = (key: Uint8Array): Buffer => Buffer.concat([prefix, key]);
  const typeMapping = { 36: Buffer };
  return {
    put: (key, value) => client.sendCommand(['SET', named(key), Buffer.from(value.buffer, value.byteOffset, value.byteLength)]),
    get: async (key) => (await client.sendCommand(['GET', named(key)], { typeMapping })) ?? undefined,
    close: async () => undefined,
  };
}
