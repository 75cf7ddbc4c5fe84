import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { S3CacheBackend } from '@p2p/cache-backend/s3';
import { cacheBackendConformance } from '@p2p/cache-backend/conformance';
import { NO_S3, S3_START_MS, startS3, type TestS3 } from '@p2p/testkit/s3-server';

describe.skipIf(NO_S3 !== undefined)(`the S3 backend conforms${NO_S3 === undefined ? '' : `: ${NO_S3}`}`, () => {
  let server: TestS3 | undefined;

  beforeAll(async () => {
    server = await startS3();
  }, S3_START_MS);

  afterAll(async () => {
    await server?.close();
  });

  cacheBackendConformance({
    test,
    makeStore: async (scratch) => {
      const prefix = `conformance-${randomBytes(8).toString('hex')}/`;
      let opened = 0;
      return {
        open: async () => {
          if (server === undefined) throw new Error('no server');
          return await S3CacheBackend.open({ client: server.client, bucket: server.bucket, prefix, dir: `${scratch}/machine-${++opened}`, graceMs: 60_000, threads: 1 });
        },
        remove: async () => {},
      };
    },
    rounds: 20,
  });
});
