import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { LocalCacheBackend, TieredCacheBackend, type CacheBackend } from '@p2p/cache-backend';
import { cacheBackendConformance, type ConformanceOptions } from '@p2p/cache-backend/conformance';
import { RedisCacheBackend, type RedisClient } from '@p2p/cache-backend/redis';
import { S3CacheBackend } from '@p2p/cache-backend/s3';
import { NO_S3, S3_START_MS, startS3, type TestS3 } from '@p2p/testkit/s3-server';
import { NO_REDIS, startRedis, type OwnRedis } from '@p2p/testkit/redis-server';

// Thousands of small trees, each synced: in memory where there is such a place, unless CACHE_TEST_DIR is set.
if (existsSync('/dev/shm') && process.env['CACHE_TEST_DIR'] === undefined) process.env['TMPDIR'] = '/dev/shm';

/** Random histories of each backend. */
const ROUNDS = process.env['CACHE_LONG'] === '1' ? 100 : 10;

/** @param machine A directory for one instance, as another machine would have. */
type OpenOn = (machine: string, store: { readonly scratch: string; readonly name: string }) => CacheBackend | Promise<CacheBackend>;

function suite(open: OpenOn, options: Partial<ConformanceOptions> = {}): void {
  cacheBackendConformance({
    test,
    rounds: ROUNDS,
    makeStore: (scratch) => {
      const name = `conformance-${randomBytes(8).toString('hex')}`;
      let opened = 0;
      return Promise.resolve({
        open: async () => await open(join(scratch, `machine-${++opened}`), { scratch, name }),
        // What stays of it ends with the server, or has a name of its own there.
        remove: () => Promise.resolve(),
      });
    },
    ...options,
  });
}

const localAt = (dir: string): Promise<LocalCacheBackend> => LocalCacheBackend.open({ dir, threads: 1 });

describe('local', () => {
  suite((_machine, { scratch }) => localAt(join(scratch, 'cache')));
});

describe('tiered, local before local', () => {
  suite(async (_machine, { scratch }) => new TieredCacheBackend(await localAt(join(scratch, 'near')), await localAt(join(scratch, 'far'))), { servesEvicted: true });
});

describe.skipIf(NO_REDIS !== undefined)('Redis', () => {
  let server: OwnRedis | undefined;
  let client: (RedisClient & { destroy(): void }) | undefined;
  beforeAll(async () => {
    server = await startRedis();
    client = await createClient({ url: server.url }).connect();
  });
  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });
  suite((dir, { scratch, name }) => RedisCacheBackend.open({ client: client!, namespace: name, bytes: { sharedDir: join(scratch, 'shared') }, dir, graceMs: 60_000, threads: 1 }));
});

describe.skipIf(NO_S3 !== undefined)(`S3${NO_S3 === undefined ? '' : `: ${NO_S3}`}`, () => {
  let server: TestS3 | undefined;
  beforeAll(async () => {
    server = await startS3();
  }, S3_START_MS);
  afterAll(() => server?.close());
  suite((dir, { name }) => S3CacheBackend.open({ client: server!.client, bucket: server!.bucket, prefix: `${name}/`, dir, graceMs: 60_000, threads: 1 }));
});
