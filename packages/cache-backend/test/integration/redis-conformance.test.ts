import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { RedisCacheBackend, type RedisClient } from '@p2p/cache-backend/redis';
import { cacheBackendConformance } from '@p2p/cache-backend/conformance';
import { NO_REDIS, startRedis, type TestRedis } from './servers/redis-server.ts';

describe.skipIf(NO_REDIS !== undefined)(`the Redis backend conforms${NO_REDIS === undefined ? '' : `: ${NO_REDIS}`}`, () => {
  let server: TestRedis | undefined;
  let client: (RedisClient & { destroy(): void }) | undefined;

  beforeAll(async () => {
    server = await startRedis();
    client = await createClient({ url: server.url }).connect();
  });

  afterAll(async () => {
    client?.destroy();
    await server?.close();
  });

  cacheBackendConformance({
    test,
    makeStore: async (scratch) => {
      const namespace = `conformance-${randomBytes(8).toString('hex')}`;
      let opened = 0;
      return {
        open: async () => {
          if (client === undefined) throw new Error('not connected');
          return await RedisCacheBackend.open({ client, namespace, bytes: { sharedDir: `${scratch}/shared` }, dir: `${scratch}/machine-${++opened}`, graceMs: 60_000, threads: 1 });
        },
        remove: async () => {},
      };
    },
    rounds: 20,
  });
});
