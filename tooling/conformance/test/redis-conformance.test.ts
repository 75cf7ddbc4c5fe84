import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { RedisRecordStore, type RedisClientLike } from '@p2p/record-store/redis';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import type { RecordStore, RecordStoreOptions } from '@p2p/record-store';
import { NO_REDIS, startRedis, type OwnRedis } from '@p2p/testkit/redis-server';

const existing = process.env['RECORD_STORE_REDIS_URL'];
let server: OwnRedis | undefined;
let url = existing ?? '';

beforeAll(async () => {
  if (existing !== undefined || NO_REDIS !== undefined) return;
  server = await startRedis();
  url = server.url;
});
afterAll(async () => {
  await server?.stop();
});

/** Every store gets a namespace of its own; what stays is removed with the server, or under its name. */
function suite(client: () => RedisClientLike, send: (command: string, args: readonly (string | Buffer)[]) => Promise<unknown>, fuzzRuns: number): void {
  const namespaces = new WeakMap<RecordStore, string>();
  const run = `${Date.now().toString(36)}-${process.pid}`;
  let count = 0;
  const open = async (namespace: string, options: RecordStoreOptions): Promise<RecordStore> => {
    const store = await RedisRecordStore.open({ ...options, client: client(), namespace });
    namespaces.set(store, namespace);
    return store;
  };
  recordStoreConformance({
    test: (name, run) => test(name, run, 600_000),
    fuzzRuns,
    capabilities: { durable: 'no', atomic: true, shared: true },
    open: (options) => open(`test-${run}-${count++}`, options),
    reopen: (closed, options) => open(namespaces.get(closed)!, options),
    damage: async (store, key, provider) => {
      const base = `records:{${namespaces.get(store)!}}:`;
      const name = Buffer.concat([Buffer.from(base + (provider === undefined ? 'v:' : 'p:')), key]);
      if (provider === undefined) await send('SET', [name, 'garbage']);
      else await send('HSET', [name, Buffer.from(provider), 'garbage']);
    },
    openSecond: (first, options) => open(namespaces.get(first)!, options),
  });
}

describe.skipIf(NO_REDIS !== undefined && existing === undefined)('node-redis', () => {
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    client = createClient({ url });
    client.on('error', () => {});
    await client.connect();
  });
  afterAll(() => client.destroy());
  suite(() => client, (command, args) => client.sendCommand([command, ...args]), process.env['RECORD_STORE_LONG'] === '1' ? 300 : 12);
});

describe.skipIf(NO_REDIS !== undefined && existing === undefined)('ioredis', () => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(url);
  });
  afterAll(() => client.disconnect());
  suite(() => client, (command, args) => client.call(command, ...args), 3);
});
