import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisCacheBackend } from '@p2p/cache-backend/redis';
import { Bucket } from '../../src/backends/s3/bucket.ts';
import { S3CacheBackend, s3Blobs } from '@p2p/cache-backend/s3';
import { S3Blobs } from '../../src/backends/s3/s3-blobs.ts';
import { S3Locks } from '../../src/backends/s3/s3-locks.ts';
import { formatS3Pointer } from '../../src/backends/s3/s3-pointer.ts';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { hashKey } from '../../src/io/store/layout.ts';
import type { CacheBackend } from '../../src/types.ts';
import { entriesOf } from '../entries-of.ts';
import { withDirectory } from '../temporary-directory.ts';
import { expectMissInPlaceOf, expectTiersToGoOn, forgedEntries, HOSTILE_MANIFEST, sha256, valueOf } from './remote-attacks.ts';
import { NO_REDIS, startRedis } from './servers/redis-server.ts';
import { NO_S3, S3_START_MS, startS3, type TestS3 } from '@p2p/testkit/s3-server';

type Client = Pick<S3Client, 'send'>;
type Send = (command: unknown, options?: unknown) => Promise<unknown>;
interface Input {
  Key?: string;
  Prefix?: string;
  IfMatch?: string;
  IfNoneMatch?: string;
}

/** A client that does something else with some commands. */
function bent(client: Client, change: (name: string, input: Input, send: () => Promise<unknown>) => Promise<unknown>): Client {
  const inner = client.send.bind(client) as unknown as Send;
  const send: Send = async (command, options) => {
    const { constructor, input } = command as { constructor: { name: string }; input: Input };
    return await change(constructor.name, input, async () => await inner(command, options));
  };
  return { send };
}

const refusal = (status: number): Error => Object.assign(new Error(`status ${status}`), { $metadata: { httpStatusCode: status } });

interface Scene {
  readonly dir: string;
  readonly prefix: string;
  open(options?: { client?: Client; timeoutMs?: number; graceMs?: number; lockMs?: number }): Promise<S3CacheBackend>;
  put(cache: CacheBackend, key: string, value: string): Promise<void>;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
}

describe.skipIf(NO_S3 !== undefined)(`S3${NO_S3 === undefined ? '' : `: ${NO_S3}`}`, () => {
  let server!: TestS3;

  beforeAll(async () => {
    server = await startS3();
  }, S3_START_MS);

  afterAll(async () => {
    await server.close();
  });

  async function withScene(fn: (scene: Scene) => Promise<void>): Promise<void> {
    await withDirectory(async (dir) => {
      const opened: CacheBackend[] = [];
      const prefix = `test-${randomBytes(8).toString('hex')}/`;
      const { client, bucket } = server;
      let sources = 0;
      const scene: Scene = {
        dir,
        prefix,
        async open(options = {}) {
          const cache = await S3CacheBackend.open({ client, bucket, prefix, dir: join(dir, `machine-${opened.length}`), threads: 1, ...options });
          opened.push(cache);
          return cache;
        },
        put: async (cache, key, value) => (await cache.put(key, writeValueTree(join(dir, `source-${++sources}`), value), '')).release(),
        write: async (name, text) => void (await client.send(new PutObjectCommand({ Bucket: bucket, Key: prefix + name, Body: Buffer.from(text) }))),
        read: async (name) => (await (await client.send(new GetObjectCommand({ Bucket: bucket, Key: prefix + name }))).Body?.transformToString()) ?? '',
      };
      try {
        await fn(scene);
      } finally {
        for (const cache of opened) await cache.close();
      }
    });
  }

  const bucketOf = (prefix: string, client: Client = server.client): Bucket => new Bucket({ client, bucket: server.bucket, prefix });

  test('a store that does not heed conditions is refused', async () => {
    await withScene(async ({ open }) => {
      for (const condition of ['IfMatch', 'IfNoneMatch'] as const) {
        const deaf = bent(server.client, async (name, input, send) => {
          if (name === 'PutObjectCommand') delete input[condition];
          return await send();
        });
        const words = condition === 'IfMatch' ? 'in spite of If-Match' : 'in spite of If-None-Match';
        await expect(open({ client: deaf })).rejects.toMatchObject({ code: 'CACHE_UNSUPPORTED', message: expect.stringContaining(words) });
      }
    });
  });

  test.for(['ignored', 'refused'])('a store on which conditional removal is %s does', async (how) => {
    await withScene(async ({ open, put, read }) => {
      const client = bent(server.client, async (name, input, send) => {
        if (name === 'DeleteObjectCommand' && input.IfMatch !== undefined) {
          if (how === 'refused') throw refusal(501);
          delete input.IfMatch;
        }
        return await send();
      });
      const cache = await open({ client });
      await put(cache, 'key', 'one');
      expect(await cache.invalidate('key')).toBe(true);
      expect(await cache.invalidate('key')).toBe(false);
      expect(await cache.get('key')).toBeUndefined();
      expect(await entriesOf(cache)).toEqual([]);
      expect(await read(`keys/${hashKey('key')}`), 'a mark instead of a removal').toMatch(/^p2p-cache-gone /);
      await put(cache, 'key', 'two');
      expect(await valueOf(await open(), 'key')).toBe('two');
      const lock = await cache.lockBuild('key');
      await lock.release();
      await (await cache.lockBuild('key')).release();
    });
  });

  test('bad options, a bucket that is not there and a wrong secret have codes', async () => {
    await withScene(async ({ dir }) => {
      const { client, bucket } = server;
      for (const options of [{ bucket: '' }, { dir: '' }, { graceMs: -1 }, { lockMs: 1 }, { timeoutMs: 1.5 }]) {
        await expect(S3CacheBackend.open({ client, bucket, dir: join(dir, 'x'), ...options })).rejects.toThrow(TypeError);
      }
      await expect(S3CacheBackend.open({ client, bucket: 'nowhere', dir: join(dir, 'x') })).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      const stranger = new S3Client({ endpoint: `http://127.0.0.1:${server.port}`, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: 'who', secretAccessKey: 'wrong' } });
      await expect(S3CacheBackend.open({ client: stranger, bucket, dir: join(dir, 'x') })).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      stranger.destroy();
    });
  });

  test('a write whose answer got lost is known again, and a conflict is tried again', async () => {
    await withScene(async ({ open, put }) => {
      let conflicts = 0;
      const client = bent(server.client, async (name, input, send) => {
        const isConditional = name === 'PutObjectCommand' && (input.IfMatch !== undefined || input.IfNoneMatch !== undefined);
        if (isConditional && conflicts++ % 2 === 0) throw refusal(409);
        const first = await send();
        // As the SDK does when no answer comes: once more, which the condition now forbids.
        return isConditional ? await send() : first;
      });
      const cache = await open({ client });
      await put(cache, 'key', 'one');
      await put(cache, 'key', 'two');
      expect(await valueOf(cache, 'key')).toBe('two');
      expect(await cache.invalidate('key')).toBe(true);
      expect(conflicts).toBeGreaterThan(4);
    });
  });

  test('a server that fails is CACHE_REMOTE, and the old entry stays', async () => {
    await withScene(async ({ dir, open, put }) => {
      let failing: string | undefined;
      const cache = await open({
        client: bent(server.client, async (name, input, send) => {
          if (failing !== undefined && name === 'PutObjectCommand' && input.Key?.includes(failing) === true) throw refusal(503);
          return await send();
        }),
      });
      await put(cache, 'key', 'old');
      for (failing of ['blobs/', 'keys/']) await expect(cache.put('key', writeValueTree(join(dir, `new-${failing.slice(0, 4)}`), 'new'), '')).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      failing = undefined;
      expect(await valueOf(cache, 'key')).toBe('old');
    });
  });

  test('a body that breaks off is CACHE_REMOTE, and no entry is lost for it', async () => {
    await withScene(async ({ open, put }) => {
      await put(await open(), 'key', 'value');
      let breaks = true;
      const reader = await open({
        client: bent(server.client, async (name, input, send) => {
          const answer = (await send()) as { Body: AsyncIterable<Uint8Array> };
          if (!breaks || name !== 'GetObjectCommand' || input.Key?.includes('blobs/') !== true) return answer;
          const half = async function* (): AsyncGenerator<Uint8Array> {
            for await (const bytes of answer.Body) yield bytes.subarray(0, 1);
            throw new Error('aborted');
          };
          return { ...answer, Body: half() };
        }),
      });
      await expect(reader.get('key')).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      breaks = false;
      expect(await valueOf(reader, 'key')).toBe('value');
    });
  });

  test('a pointer whose body breaks off is asked for again', async () => {
    await withScene(async ({ prefix, write }) => {
      await write('keys/x', 'text');
      let broken = 2;
      const client = bent(server.client, async (name, _input, send) => {
        const answer = (await send()) as { Body: unknown };
        if (name !== 'GetObjectCommand' || broken === 0) return answer;
        broken--;
        // oxlint-disable-next-line require-yield -- it fails before there is anything
        const body = async function* (): AsyncGenerator<Uint8Array> {
          throw new Error('aborted');
        };
        return { ...answer, Body: body() };
      });
      expect((await bucketOf(prefix, client).get('keys/x', 100))?.text).toBe('text');
      broken = 3;
      await expect(bucketOf(prefix, client).get('keys/x', 100)).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
    });
  });

  test('a server that dies mid-put and comes back has the old entry; held trees can be read meanwhile', async ({ skip }) => {
    const { control } = server;
    if (control === undefined) return skip('the server is not ours to stop');
    await withScene(async ({ dir, open, put }) => {
      let dies = false;
      const cache = await open({
        timeoutMs: 2_000,
        client: bent(server.client, async (name, input, send) => {
          if (dies && name === 'PutObjectCommand' && input.Key?.includes('keys/') === true) {
            dies = false;
            await control.kill();
          }
          return await send();
        }),
      });
      await put(cache, 'key', 'old');
      const held = await cache.get('key');
      dies = true;
      await expect(cache.put('key', writeValueTree(join(dir, 'new'), 'new'), '')).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      await expect(cache.get('key')).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      expect(readValueTree(held?.path ?? '')).toBe('old');
      await control.start();
      expect(await valueOf(cache, 'key')).toBe('old');
      control.pause();
      try {
        await expect(cache.get('key')).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      } finally {
        control.resume();
      }
      await put(cache, 'key', 'new');
      expect(await valueOf(await open(), 'key')).toBe('new');
      await held?.release();
    });
  });

  test.for([...forgedEntries((pointer) => formatS3Pointer(pointer, false, '')), ['a huge one', (good: string) => good + 'x'.repeat(1_000_000)] as const])('a pointer that is %s is a miss, and can be put over', async ([_name, attack]) => {
    await withScene(async (scene) => {
      const { read, write } = scene;
      await expectMissInPlaceOf(scene, async () => {
        await write(`blobs/${sha256(HOSTILE_MANIFEST)}`, HOSTILE_MANIFEST);
        await write(`keys/${hashKey('key')}`, attack(await read(`keys/${hashKey('key')}`), await read(`keys/${hashKey('other')}`)));
        await write('keys/../strange', 'x').catch(() => undefined);
      });
    });
  });

  test.for<[name: string, change: string]>([['has other content', 'VALUE'], ['is shorter', 'val'], ['is longer', 'value and more'], ['is empty', '']])('a blob that %s is not served; a put brings it anew', async ([_name, change]) => {
    await withScene(async ({ open, put, write }) => {
      const writer = await open();
      await put(writer, 'key', 'value');
      await write(`blobs/${sha256('value')}`, change);
      const reader = await open();
      expect(await reader.get('key')).toBeUndefined();
      await put(writer, 'key', 'value');
      expect(await valueOf(reader, 'key')).toBe('value');
      expect(await reader.verify()).toEqual({ checked: 1, corrupt: [] });
    });
  });

  test('what a reader holds outlives replacement, eviction and collection', async () => {
    await withScene(async ({ open, put }) => {
      const [writer, reader] = [await open({ graceMs: 0 }), await open()];
      await put(writer, 'key', 'old');
      const held = await reader.get('key');
      await put(writer, 'key', 'new');
      expect((await writer.prune({ maxEntries: 0 })).evicted).toBe(1);
      expect(readValueTree(held?.path ?? '')).toBe('old');
      await held?.release();
    });
  });

  test('of twenty writers of a key at once each is done, and one has it', async () => {
    await withScene(async ({ open, put }) => {
      const caches = [await open(), await open()];
      await Promise.all(Array.from({ length: 20 }, (_, index) => put(caches[index % 2]!, 'key', `value ${index}`)));
      const values = await Promise.all(caches.map((cache) => valueOf(cache, 'key')));
      expect(values[0]).toMatch(/^value \d+$/);
      expect(values[1]).toBe(values[0]);
    });
  });

  /** Listings that know nothing of pointers yet. */
  const lagging = (client: Client): Client => bent(client, async (name, input, send) => {
    const answer = (await send()) as { Contents?: unknown[] };
    return name === 'ListObjectsV2Command' && input.Prefix?.endsWith('keys/') === true ? { ...answer, Contents: [] } : answer;
  });

  test('a listing that lags behind costs no blob, thanks to the grace', async () => {
    await withScene(async ({ open, put }) => {
      const writer = await open();
      await put(writer, 'key', 'value');
      await (await open({ client: lagging(server.client), graceMs: 60_000 })).prune({});
      expect(await valueOf(await open(), 'key')).toBe('value');
      // Without it: this is what the grace is for.
      await expect.poll(async () => {
        await (await open({ client: lagging(server.client), graceMs: 0 })).prune({});
        return await valueOf(await open(), 'key');
      }, { timeout: 10_000, interval: 300 }).toBeUndefined();
    });
  });

  test('an old blob that a put finds is renewed', async () => {
    await withScene(async ({ prefix, open, put }) => {
      const cache = await open({ graceMs: 0 });
      await put(cache, 'key', 'value');
      const Key = `${prefix}blobs/${sha256('value')}`;
      await expect.poll(async () => {
        await put(cache, 'key', 'value');
        return (await server.client.send(new HeadObjectCommand({ Bucket: server.bucket, Key }))).Metadata;
      }, { timeout: 10_000, interval: 200 }).toHaveProperty('renewed');
      expect(await valueOf(await open(), 'key')).toBe('value');
    });
  });

  test('blobs that nothing needs go, shared ones stay', async () => {
    await withScene(async ({ prefix, open, put }) => {
      const cache = await open({ graceMs: 0 });
      for (const [key, value] of [['one', 'same'], ['two', 'same'], ['gone', 'unique']] as const) await put(cache, key, value);
      await cache.invalidate('one');
      await cache.invalidate('gone');
      await expect.poll(async () => {
        await cache.prune({});
        return await bucketOf(prefix).head(`blobs/${sha256('unique')}`);
      }, { timeout: 10_000, interval: 200 }).toBeUndefined();
      expect(await valueOf(await open(), 'two')).toBe('same');
      const accesses: string[] = [];
      for await (const { name } of bucketOf(prefix).list('access/')) accesses.push(name);
      expect(new Set(accesses.map((name) => name.split('/')[1])), 'accesses of what is left alone').toEqual(new Set([hashKey('two')]));
    });
  });

  test('the lock of a dead holder is taken over, and the dead one cannot take it back', async () => {
    await withScene(async ({ prefix }) => {
      let isDead = false;
      const dying = bent(server.client, async (_name, _input, send) => {
        if (isDead) throw new Error('unreachable');
        return await send();
      });
      const old = new S3Locks(bucketOf(prefix, dying), 1_500, true);
      const others = new S3Locks(bucketOf(prefix), 1_500, true);
      const lock = await old.tryTake('builds/x');
      expect(lock?.isMine()).toBe(true);
      expect(await others.tryTake('builds/x')).toBeUndefined();
      isDead = true;
      let taken: Awaited<ReturnType<S3Locks['tryTake']>>;
      await expect.poll(async () => (taken = await others.tryTake('builds/x'))).toBeDefined();
      expect(lock?.isMine()).toBe(false);
      isDead = false;
      await lock?.release();
      expect(taken?.isMine()).toBe(true);
      expect(await new S3Locks(bucketOf(prefix), 1_500, true).tryTake('builds/x'), 'still held').toBeUndefined();
      await others.close();
      await (await others.tryTake('builds/x'))?.release();
    });
  });

  test('a living holder renews, however long it takes', async () => {
    await withScene(async ({ prefix }) => {
      const lock = await new S3Locks(bucketOf(prefix), 2_000, true).tryTake('builds/x');
      const others = new S3Locks(bucketOf(prefix), 2_000, true);
      const versions = new Set<string>();
      let isTaken = false;
      await expect.poll(async () => {
        isTaken ||= (await others.tryTake('builds/x')) !== undefined;
        versions.add((await bucketOf(prefix).head('builds/x'))?.etag ?? '');
        return versions.size;
      }, { timeout: 15_000, interval: 50 }).toBeGreaterThan(4);
      expect(isTaken).toBe(false);
      expect(lock?.isMine()).toBe(true);
      await lock?.release();
      await others.close();
    });
  });

  test('a large file goes in parts, whole, and uploads that never ended are given up', async () => {
    await withScene(async ({ prefix }) => {
      const bytes = Buffer.alloc(17 * 1024 * 1024, 'large');
      const digest = sha256(bytes);
      const source = { sizeBytes: bytes.length, read: async (start: number, length: number) => bytes.subarray(start, start + length) };
      const blobs = new S3Blobs(bucketOf(prefix), () => Date.now());
      await blobs.write(digest, source);
      const hash = createHash('sha256');
      for await (const part of (await blobs.read(digest)) ?? []) hash.update(part);
      expect(hash.digest('hex')).toBe(digest);
      const failing = new S3Blobs(bucketOf(prefix, bent(server.client, async (name, _input, send) => {
        if (name === 'CompleteMultipartUploadCommand' || name === 'AbortMultipartUploadCommand') throw refusal(503);
        return await send();
      })), () => Date.now());
      await expect(failing.write(sha256('x'), source)).rejects.toMatchObject({ code: 'CACHE_REMOTE' });
      expect(await blobs.stat(sha256('x'))).toBeUndefined();
      expect(await blobs.dropUnfinished(60_000), 'within the grace').toBe(0);
      expect(await blobs.dropUnfinished(-60_000)).toBe(1);
    });
  });

  test('tiers go on without an S3 that is away', async ({ skip }) => {
    const { control } = server;
    if (control === undefined) return skip('the server is not ours to stop');
    await withScene(async (scene) => {
      expect((await expectTiersToGoOn(scene, await scene.open({ timeoutMs: 300 }), control)).degraded).toBeGreaterThan(0);
    });
  });

  test.skipIf(NO_REDIS !== undefined)('Redis keeps the index, S3 the bytes', async () => {
    const redis = await startRedis();
    const client = await createClient({ url: redis.url }).connect();
    try {
      await withScene(async ({ dir, prefix, put }) => {
        const bytes = s3Blobs({ client: server.client, bucket: server.bucket, prefix });
        const namespace = prefix.slice(0, -1);
        const [one, two] = [await RedisCacheBackend.open({ client, bytes, namespace, dir: join(dir, 'one') }), await RedisCacheBackend.open({ client, bytes, namespace, dir: join(dir, 'two') })];
        await put(one, 'key', 'value');
        expect(await valueOf(two, 'key')).toBe('value');
        expect(await two.verify()).toEqual({ checked: 1, corrupt: [] });
        await one.close();
        await two.close();
      });
    } finally {
      client.destroy();
      await redis.close();
    }
  });
});
