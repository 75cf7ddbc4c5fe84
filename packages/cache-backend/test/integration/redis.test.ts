import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { Redis } from 'ioredis';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Commands } from '../../src/backends/redis/commands.ts';
import { RedisCacheBackend, type RedisClient } from '@p2p/cache-backend/redis';
import { RedisIndex } from '../../src/backends/redis/redis-index.ts';
import { IN_USE, keysOf, LEASE, POINT } from '../../src/backends/redis/scripts.ts';
import { SharedDirectoryBlobs } from '../../src/backends/redis/shared-directory-blobs.ts';
import type { BlobState, BlobStore } from '../../src/backends/remote/blob-store.ts';
import { collectBlobs } from '../../src/backends/remote/collect.ts';
import type { RemoteIndex } from '../../src/backends/remote/remote-index.ts';
import { uploadTree } from '../../src/backends/remote/remote-trees.ts';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { bytesOfPath } from '../../src/io/byte-path.ts';
import { hashKey } from '../../src/io/store/layout.ts';
import { formatPointer } from '../../src/pointer.ts';
import type { CacheBackend } from '../../src/types.ts';
import { entriesOf } from '../entries-of.ts';
import { withDirectory } from '../temporary-directory.ts';
import { expectMissInPlaceOf, expectTiersToGoOn, forgedEntries, HOSTILE_MANIFEST, sha256, valueOf } from './remote-attacks.ts';
import { NO_REDIS, startRedis, type TestRedis } from './servers/redis-server.ts';

/** An index whose gate can be replaced. */
const bound = (index: RedisIndex): RemoteIndex => new Proxy(index, {
  ownKeys: () => ['leasedTrees', 'list'],
  getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  get: (target, name) => (Reflect.get(target, name, target) as (...args: unknown[]) => unknown).bind(target),
});

interface Scene {
  readonly dir: string;
  readonly namespace: string;
  readonly shared: string;
  open(options?: { client?: RedisClient; leaseMs?: number; timeoutMs?: number; graceMs?: number; bytes?: BlobStore }): Promise<RedisCacheBackend>;
  put(cache: CacheBackend, key: string, value: string): Promise<void>;
}

describe.skipIf(NO_REDIS !== undefined)(`Redis${NO_REDIS === undefined ? '' : `: ${NO_REDIS}`}`, () => {
  let server!: TestRedis;
  let client!: ReturnType<typeof createClient>;
  const send = (...command: string[]): Promise<unknown> => client.sendCommand(command);

  beforeAll(async () => {
    server = await startRedis();
    client = createClient({ url: server.url, socket: { reconnectStrategy: 20 } });
    // Connections break in these tests; the client connects anew by itself.
    client.on('error', () => {});
    await client.connect();
  });

  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  async function withScene(fn: (scene: Scene) => Promise<void>): Promise<void> {
    await withDirectory(async (dir) => {
      const opened: CacheBackend[] = [];
      const namespace = `test-${randomBytes(8).toString('hex')}`;
      let sources = 0;
      const scene: Scene = {
        dir,
        namespace,
        shared: join(dir, 'shared'),
        async open({ bytes, ...options } = {}) {
          const cache = await RedisCacheBackend.open({ client, namespace, bytes: bytes ?? { sharedDir: join(dir, 'shared') }, dir: join(dir, `machine-${opened.length}`), timeoutMs: 5_000, threads: 1, ...options });
          opened.push(cache);
          return cache;
        },
        put: async (cache, key, value) => (await cache.put(key, writeValueTree(join(dir, `source-${++sources}`), value), '')).release(),
      };
      try {
        await fn(scene);
      } finally {
        for (const cache of opened) await cache.close();
      }
    });
  }


  test('works through ioredis and through a function as through node-redis', async () => {
    const other = new Redis(server.port, '127.0.0.1');
    try {
      await withScene(async ({ open, put }) => {
        const caches = [await open(), await open({ client: other }), await open({ client: (command) => client.sendCommand(command) })];
        for (const [index, cache] of caches.entries()) await put(cache, `key ${index}`, `value ${index}`);
        for (const cache of caches) for (const index of caches.keys()) expect(await valueOf(cache, `key ${index}`)).toBe(`value ${index}`);
        expect((await caches[1]!.prune({ maxEntries: 1 })).evicted).toBe(2);
        expect((await caches[1]!.stats()).entryCount).toBe(1);
      });
    } finally {
      other.disconnect();
    }
  });

  test('all keys of a cache are in one slot of a cluster', async () => {
    for (const key of keysOf('name')) expect(key).toMatch(/^\{name\}:[a-z]+$/);
    const calls: unknown[] = [];
    const cluster = { masters: [], sendCommand: async (...args: unknown[]) => (calls.push(args), 'x') } as unknown as RedisClient;
    await new Commands(cluster, 1_000).send(['GET', '{name}:meta'], '{name}:meta');
    expect(calls).toEqual([['{name}:meta', false, ['GET', '{name}:meta']]]);
    expect(() => new Commands({} as RedisClient, 1_000)).toThrow(TypeError);
  });

  test('bad options are TypeErrors', async () => {
    for (const options of [{ namespace: 'a{b}' }, { leaseMs: 1 }, { timeoutMs: 0 }, { graceMs: -1 }, { dir: '' }]) {
      await expect(RedisCacheBackend.open({ client, bytes: { sharedDir: '/nonexistent' }, dir: '/nonexistent', ...options })).rejects.toThrow(TypeError);
    }
  });

  test('a server that may evict the index is refused', async () => {
    await withScene(async ({ open }) => {
      const before = (await send('CONFIG', 'GET', 'maxmemory-policy')) as string[];
      await send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      try {
        await expect(open()).rejects.toMatchObject({ code: 'CACHE_UNSUPPORTED' });
      } finally {
        await send('CONFIG', 'SET', 'maxmemory-policy', before[1] ?? 'noeviction');
      }
    });
  });

  test('a server that stays away is CACHE_REMOTE, what is held can be read on, and it is used again when it is back', async ({ skip }) => {
    const { control } = server;
    if (control === undefined) return skip('the server is not ours to stop');
    await withScene(async ({ dir, open, put }) => {
      const cache = await open({ timeoutMs: 1_500 });
      await put(cache, 'key', 'value');
      const held = await cache.get('key');
      control.pause();
      try {
        const source = writeValueTree(join(dir, 'lost'), 'lost');
        await Promise.all([cache.get('key'), cache.put('key', source, ''), cache.prune({ maxEntries: 0 })].map((call) => expect(call).rejects.toMatchObject({ code: 'CACHE_REMOTE' })));
        expect(readValueTree(held?.path ?? '')).toBe('value');
        const told: string[] = [];
        cache.on('degraded', ({ operation }) => told.push(operation));
        await held?.release();
        expect(told, 'a release does not fail, and is not silent either').toEqual(['lease']);
      } finally {
        control.resume();
      }
      await expect.poll(() => valueOf(cache, 'key').catch(() => 'away')).toBe('value');
    });
  });

  test('a server that died mid-put and came back empty is filled anew; nothing wrong is served', async ({ skip }) => {
    const { control } = server;
    if (control === undefined) return skip('the server is not ours to stop');
    await withScene(async ({ dir, open, put }) => {
      let dies = false;
      const cache = await open({
        timeoutMs: 2_000,
        client: async (command) => {
          if (dies && command[1] === POINT.sha1) {
            dies = false;
            await control.kill();
          }
          return await client.sendCommand(command);
        },
      });
      await put(cache, 'key', 'old');
      dies = true;
      await expect(cache.put('key', writeValueTree(join(dir, 'new'), 'new'), '')).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      await control.start();
      // It knows neither entries nor scripts any more.
      await expect.poll(() => valueOf(cache, 'key').catch(() => 'away')).not.toBe('away');
      await put(cache, 'key', 'again');
      expect(await valueOf(cache, 'key')).toBe('again');
    });
  });

  test('a put whose lease ended is refused, and the old entry stays', async () => {
    await withScene(async ({ dir, namespace, open, put }) => {
      let stale = false;
      const [, , leases = ''] = keysOf(namespace);
      const cache = await open({
        client: async (command) => {
          // As if this process had stood still until after its lease.
          if (stale && command[1] === POINT.sha1) for (const member of (await send('ZRANGE', leases, '0', '-1')) as string[]) await send('ZADD', leases, '1', member);
          return await client.sendCommand(command);
        },
      });
      await put(cache, 'key', 'old');
      stale = true;
      await expect(cache.put('key', writeValueTree(join(dir, 'new'), 'new'), '')).rejects.toMatchObject({ code: 'CACHE_LEASE_LOST' });
      stale = false;
      expect(await valueOf(cache, 'key')).toBe('old');
    });
  });

  test('a stale fencing token is refused by the server itself', async () => {
    const commands = new Commands(client, 5_000);
    const keys = keysOf(`fence-${randomBytes(8).toString('hex')}`);
    const tree = 'ab'.repeat(32);
    const token = String(await commands.run(LEASE, keys, [tree, 1]));
    await expect.poll(() => commands.run(IN_USE, keys, [])).toEqual([]);
    const later = String(await commands.run(LEASE, keys, [tree, 60_000]));
    expect(Number(later)).toBeGreaterThan(Number(token));
    expect(await commands.run(POINT, keys, ['hash', `${tree}:${token}`, 0, tree, 'text', 0, ''])).toEqual(['lost']);
    expect(await commands.run(POINT, keys, ['hash', `${tree}:${later}`, 0, tree, 'text', 0, ''])).toMatchObject(['stored', expect.any(String), expect.any(String), 0]);
  });

  test('a builder whose right ended cannot store over the one who has it now', async () => {
    await withScene(async ({ dir, namespace, open, put }) => {
      const slow = await open();
      const quick = await open();
      const builds = keysOf(namespace)[5] ?? '';
      const old = await slow.lockBuild('key');
      const held = String(await send('HGET', builds, hashKey('key')));
      await send('HSET', builds, hashKey('key'), held.replace(/:.*/, ':1'));
      const lock = await quick.lockBuild('key');
      await put(quick, 'key', 'quick');
      await expect(slow.put('key', writeValueTree(join(dir, 'slow'), 'slow'), '')).rejects.toMatchObject({ code: 'CACHE_LEASE_LOST' });
      await old.release();
      await expect(slow.lockBuild('key', { signal: AbortSignal.timeout(60) }), 'the late release does not take the lock away').rejects.toThrow();
      await lock.release();
      expect(await valueOf(slow, 'key')).toBe('quick');
    });
  });

  test('the lease of a process that died ends, and its tree can be evicted then', async () => {
    await withScene(async ({ namespace, open, put }) => {
      const cache = await open();
      const keys = keysOf(namespace);
      const [, , leases = ''] = keys;
      await put(cache, 'key', 'value');
      const [entry] = await entriesOf(cache);
      const tree = entry?.treeDigest ?? '';
      const token = String(await new Commands(client, 5_000).run(LEASE, keys, [tree, 60_000]));
      expect((await cache.prune({ maxEntries: 0, dryRun: true })).skipped).toEqual([{ key: 'key', reason: 'leased' }]);
      const held = await cache.get('key');
      expect(await cache.prune({ maxEntries: 0 })).toMatchObject({ evicted: 0, skipped: [{ key: 'key', reason: 'leased' }] });
      await held?.release();
      expect((await cache.prune({ maxEntries: 0 })).skipped).toEqual([{ key: 'key', reason: 'leased' }]);
      // Its time is over: nobody has renewed it.
      expect(await send('ZADD', leases, 'XX', 'CH', '1', `${tree}:${token}`)).toBe(1);
      expect((await cache.prune({ maxEntries: 0 })).evicted).toBe(1);
    });
  });

  test('what is held is renewed, and a loss is told', async () => {
    const namespace = `renew-${randomBytes(8).toString('hex')}`;
    const failures: { code?: string }[] = [];
    const index = new RedisIndex(new Commands(client, 5_000), namespace, 2_000, (error) => void failures.push(error as { code?: string }));
    const leases = keysOf(namespace)[2] ?? '';
    try {
      const lease = await index.leaseTree('ab'.repeat(32));
      const member = `${'ab'.repeat(32)}:${lease.token}`;
      const first = Number(await send('ZSCORE', leases, member));
      await expect.poll(async () => Number(await send('ZSCORE', leases, member))).toBeGreaterThan(first + 1_000);
      await send('DEL', leases);
      await expect.poll(() => failures.map(({ code }) => code)).toEqual(['CACHE_LEASE_LOST']);
    } finally {
      await index.close();
    }
  });

  test.for([
    ...forgedEntries((pointer) => `1 0 ${pointer.tree} ${formatPointer(pointer, sha256)}`),
    ['binary', () => '\0\u00ff\n'] as const,
    ['a huge one', () => `1 0 ${'ab'.repeat(32)} ${'x'.repeat(1_000_000)}`] as const,
  ])('an index entry that is %s is a miss, and can be put over', async ([_name, attack]) => {
    await withScene(async (scene) => {
      const entries = keysOf(scene.namespace)[0] ?? '';
      await expectMissInPlaceOf(scene, async () => {
        const place = join(scene.shared, 'blobs', sha256(HOSTILE_MANIFEST).slice(0, 2));
        fs.mkdirSync(place, { recursive: true });
        fs.writeFileSync(join(place, sha256(HOSTILE_MANIFEST)), HOSTILE_MANIFEST);
        const [good, other] = [await send('HGET', entries, hashKey('key')), await send('HGET', entries, hashKey('other'))];
        await send('HSET', entries, hashKey('key'), attack(String(good), String(other)));
      });
    });
  });

  test('a key of another type is CACHE_REMOTE, not something to guess about', async () => {
    await withScene(async ({ namespace, open }) => {
      const cache = await open();
      await send('SET', keysOf(namespace)[0] ?? '', 'a string');
      await expect(cache.get('key')).rejects.toMatchObject({ code: 'CACHE_REMOTE', message: expect.stringContaining('WRONGTYPE') });
    });
  });

  test.for<[name: string, attack: (blob: string, outside: string) => void]>([
    ['has a flipped bit', (blob) => { const bytes = fs.readFileSync(blob); bytes[0] = (bytes[0] ?? 0) ^ 1; fs.writeFileSync(blob, bytes); }],
    ['is cut short', (blob) => fs.truncateSync(blob, 1)],
    ['is longer', (blob) => fs.appendFileSync(blob, 'more')],
    ['is empty', (blob) => fs.truncateSync(blob, 0)],
    ['is gone', (blob) => fs.rmSync(blob)],
    ['is a link to outside', (blob, outside) => { fs.rmSync(blob); fs.symlinkSync(outside, blob); }],
    ['is a directory', (blob) => { fs.rmSync(blob); fs.mkdirSync(blob); }],
    ['is a FIFO', (blob) => { fs.rmSync(blob); execFileSync('mkfifo', [blob]); }],
    ['is huge', (blob) => fs.truncateSync(blob, 2 ** 40)],
  ])('a blob that %s is not served; a put brings it anew', async ([_name, attack]) => {
    await withScene(async ({ dir, shared, open, put }) => {
      const writer = await open();
      await put(writer, 'key', 'value');
      const outside = join(dir, 'outside');
      fs.writeFileSync(outside, 'value');
      const blob = join(shared, 'blobs', sha256('value').slice(0, 2), sha256('value'));
      attack(blob, outside);
      const reader = await open();
      const problems: string[] = [];
      reader.on('quarantined', ({ problem }) => problems.push(problem));
      expect(await reader.get('key')).toBeUndefined();
      expect(problems).toHaveLength(1);
      await put(writer, 'key', 'value');
      expect(await valueOf(reader, 'key')).toBe('value');
      expect(fs.readFileSync(outside, 'utf8')).toBe('value');
      expect(await reader.verify()).toEqual({ checked: 1, corrupt: [] });
    });
  });

  test('verify finds damage in the store, by mode', async () => {
    await withScene(async ({ shared, open, put }) => {
      const cache = await open();
      await put(cache, 'key', 'value');
      await put(cache, 'sound', 'other');
      const blob = join(shared, 'blobs', sha256('value').slice(0, 2), sha256('value'));
      fs.writeFileSync(blob, 'VALUE');
      expect((await cache.verify({ mode: 'metadata' })).corrupt).toEqual([]);
      expect(await cache.verify({ key: 'sound' })).toEqual({ checked: 1, corrupt: [] });
      expect((await cache.repair()).quarantined).toMatchObject([{ key: 'key' }]);
      expect(await valueOf(cache, 'sound')).toBe('other');
    });
  });

  test('blobs that nothing needs go after the grace, shared ones stay, and drafts of the dead too', async () => {
    await withScene(async ({ shared, open, put }) => {
      const cache = await open({ graceMs: 60_000 });
      await put(cache, 'one', 'same');
      await put(cache, 'two', 'same');
      await put(cache, 'gone', 'unique');
      const names = (): string[] => fs.readdirSync(join(shared, 'blobs')).flatMap((shard) => fs.readdirSync(join(shared, 'blobs', shard)).map((name) => join(shared, 'blobs', shard, name)));
      fs.writeFileSync(join(shared, 'tmp', 'draft'), 'x');
      const before = names().length;
      await cache.invalidate('one');
      await cache.invalidate('gone');
      await cache.prune({});
      expect(names(), 'within the grace').toHaveLength(before);
      for (const path of [...names(), join(shared, 'tmp', 'draft')]) fs.utimesSync(path, 1, 1);
      await cache.prune({});
      expect(names().some((path) => path.endsWith(sha256('unique')))).toBe(false);
      expect(names()).toContain(join(shared, 'blobs', sha256('same').slice(0, 2), sha256('same')));
      expect(fs.readdirSync(join(shared, 'tmp'))).toEqual([]);
      expect(await valueOf(await open(), 'two')).toBe('same');
    });
  });

  test('nothing is collected while an entry\'s manifest cannot be read', async () => {
    await withScene(async ({ shared, open, put }) => {
      const cache = await open({ graceMs: 0 });
      await put(cache, 'key', 'value');
      const [entry] = await entriesOf(cache);
      const tree = entry?.treeDigest ?? '';
      fs.rmSync(join(shared, 'blobs', tree.slice(0, 2), tree));
      const told: string[] = [];
      cache.on('degraded', ({ operation }) => told.push(operation));
      await cache.prune({});
      expect(told).toEqual(['collect']);
      expect(fs.existsSync(join(shared, 'blobs', sha256('value').slice(0, 2), sha256('value')))).toBe(true);
    });
  });

  test('a blob that is collected between an upload\'s look at it and the end of the upload is sent again', async () => {
    await withScene(async ({ dir, namespace, shared }) => {
      const index = new RedisIndex(new Commands(client, 5_000), namespace, 30_000, () => {});
      const blobs = await SharedDirectoryBlobs.open(shared);
      const local = await LocalCacheBackend.open({ dir: join(dir, 'local') });
      try {
        const hit = await local.put('key', writeValueTree(join(dir, 'source'), 'value'), '');
        const tree = hit.entry.treeDigest ?? '';
        const upload = { tree, container: bytesOfPath(join(hit.path, '..')), signal: undefined, renewAfterMs: Infinity };
        await uploadTree(blobs, index.gate, upload);
        const place = join(shared, 'blobs', sha256('value').slice(0, 2), sha256('value'));
        fs.utimesSync(place, 1, 1);
        let removed = 0;
        const racing: BlobStore = Object.create(blobs, {
          stat: {
            value: async (digest: string): Promise<BlobState | undefined> => {
              const state = await blobs.stat(digest);
              // Nobody knows of this upload: its blobs are free to go.
              if (digest === sha256('value') && removed === 0) removed = await collectBlobs(blobs, index, 1_000);
              return state;
            },
          },
          write: { value: blobs.write.bind(blobs) },
          renew: { value: blobs.renew.bind(blobs) },
        }) as BlobStore;
        await uploadTree(racing, index.gate, upload);
        expect(removed).toBe(1);
        expect(fs.readFileSync(place, 'utf8')).toBe('value');
        await hit.release();
      } finally {
        await index.close();
        await local.close();
      }
    });
  });

  test('a fresh look before removal spares what was renewed after it was listed', async () => {
    await withScene(async ({ namespace, shared }) => {
      const index = new RedisIndex(new Commands(client, 5_000), namespace, 30_000, () => {});
      const blobs = await SharedDirectoryBlobs.open(shared);
      const digest = sha256('value');
      await blobs.write(digest, { sizeBytes: 5, read: async () => Buffer.from('value') });
      fs.utimesSync(join(shared, 'blobs', digest.slice(0, 2), digest), 1, 1);
      // Between the listing and the turn an upload finds the blob, and renews it.
      const inner = index.gate.turn;
      const renewing = { ...index.gate, turn: async (fn: Parameters<typeof inner>[0]) => (await blobs.renew(digest), await inner(fn)) };
      const spied: RemoteIndex = { ...bound(index), gate: renewing };
      expect(await collectBlobs(blobs, spied, 60_000)).toBe(0);
      expect(await blobs.stat(digest)).toBeDefined();
      await index.close();
    });
  });

  test('tiers go on without a Redis that is away', async ({ skip }) => {
    const { control } = server;
    if (control === undefined) return skip('the server is not ours to stop');
    await withScene(async (scene) => {
      expect((await expectTiersToGoOn(scene, await scene.open({ timeoutMs: 1_000 }), control)).degraded).toBeGreaterThan(0);
    });
  });
});
