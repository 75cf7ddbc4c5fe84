import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisRecordStore, type RedisClientLike } from '@p2p/record-store/redis';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import { acceptAny, type RecordStore, type RecordStoreOptions } from '@p2p/record-store';
import { NO_REDIS, startCluster } from '@p2p/testkit/redis-server';

describe.skipIf(NO_REDIS !== undefined)('a cluster of three', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>;
  let nodeRedis: ReturnType<typeof createCluster>;
  let ioRedis: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
    nodeRedis = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
    nodeRedis.on('error', () => {});
    await nodeRedis.connect();
    ioRedis = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  });
  afterAll(async () => {
    nodeRedis.destroy();
    ioRedis.disconnect();
    await cluster.stop();
  });

  const suite = (client: () => RedisClientLike, name: string): void => {
    const namespaces = new WeakMap<RecordStore, string>();
    let count = 0;
    const open = async (namespace: string, options: RecordStoreOptions): Promise<RecordStore> => {
      const store = await RedisRecordStore.open({ ...options, client: client(), namespace });
      namespaces.set(store, namespace);
      return store;
    };
    recordStoreConformance({
      test,
      fuzzRuns: 4,
      capabilities: { durable: 'no', atomic: true, shared: true },
      // Names of their own, so that cases spread over the nodes.
      open: (options) => open(`${name}-${count++}`, options),
      reopen: (closed, options) => open(namespaces.get(closed)!, options),
      openSecond: (first, options) => open(namespaces.get(first)!, options),
    });
  };
  describe('node-redis', () => suite(() => nodeRedis, 'node-redis'));
  describe('ioredis', () => suite(() => ioRedis, 'ioredis'));

  test('namespaces spread over all nodes, each whole on one of them', async () => {
    for (let at = 0; at < 24; at++) {
      const store = await RedisRecordStore.open({ client: ioRedis, namespace: `spread-${at}`, localId: Uint8Array.of(1), validators: { default: acceptAny() } });
      for (let record = 0; record < 5; record++) await store.put({ key: Uint8Array.of(at, record), value: Uint8Array.of(record) });
      await store.close();
    }
    const perNode = await Promise.all(
      ioRedis.nodes('master').map(async (node) => {
        const keys = await node.keys('records:{spread-*');
        return new Set(keys.map((key) => /\{(.*?)\}/.exec(key)![1]!));
      }),
    );
    expect(perNode.every((namespaces) => namespaces.size > 0)).toBe(true);
    expect(perNode.reduce((sum, namespaces) => sum + namespaces.size, 0)).toBe(24);
  });
});
