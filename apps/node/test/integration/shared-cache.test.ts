import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { LocalCacheBackend, type PutOptions } from '@p2p/cache-backend';
import { NO_REDIS, startRedis, type OwnRedis } from '@p2p/testkit/redis-server';
import { NO_S3, S3_START_MS, startS3, type TestS3 } from '@p2p/testkit/s3-server';
import { freePort } from '@p2p/testkit/server-process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openSharedCache } from '../../src/cache/open-shared-cache.ts';
import { openTreeStore } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load.ts';
import { sharedCacheSettings, type SharedCacheSettings } from '../../src/config/shared-cache-settings.ts';
import { treeCacheKey, type Pointer } from '../../src/publish/core/pointer.ts';
import { identifyTree, planTree } from '../../src/publish/io/plan-tree.ts';
import { SourceReader } from '../../src/publish/io/source-reader.ts';
import { walkTree } from '../../src/publish/io/walk-tree.ts';
import type { TreeStore } from '../../src/publish/tree-store.ts';
import { errorIn, run, startDaemon, temporaryHome, type Daemon, type Ended } from './dave-process.ts';
import { describeTree, makeTree } from './tree-fixture.ts';

const MISSING = NO_REDIS ?? NO_S3;
const PASSWORD = 'secret-of-the-tests';
/** Nobody is there who could be asked. */
const NO_NETWORK = ['--edge', '127.0.0.1:9', '--timeout', '500ms'];

// Each test runs several commands, each a process.
vi.setConfig({ testTimeout: 120_000, hookTimeout: S3_START_MS });

type Settings = Readonly<Record<string, string>>;

describe.skipIf(MISSING !== undefined)(`a shared cache${MISSING === undefined ? '' : ` (${MISSING})`}`, () => {
  let home: Awaited<ReturnType<typeof temporaryHome>>;
  let redis: OwnRedis;
  let s3: TestS3;
  let author: Daemon;
  /** With times of whole milliseconds, as a published one has. */
  let tree: string;
  let target: string;
  let pointer: Pointer;
  const signal = new AbortController().signal;
  let machines = 0;

  beforeAll(async () => {
    home = await temporaryHome();
    tree = join(home.path, 'tree');
    const made = join(home.path, 'made');
    makeTree(made, { files: 20, bytes: 30_000 });
    [redis, s3, author] = await Promise.all([startRedis(['--requirepass', PASSWORD]), startS3(), startDaemon(home.path, 'author')]);
    target = `${author.publicKey}/tree`;
    for (const args of [['publish', made, '--name', 'tree'], ['fetch', target, '-o', tree]]) expect(await at(author.dataDir, args, {})).toMatchObject({ code: 0 });
    expect(describeTree(tree)).toEqual(describeTree(made));
    const walked = await walkTree(tree, signal);
    using source = new SourceReader(walked.files);
    ({ pointer } = await planTree(walked, source, signal, () => {}));
  });

  afterAll(async () => {
    await author?.[Symbol.asyncDispose]();
    await redis?.stop();
    await s3?.close();
    await home[Symbol.asyncDispose]();
  });

  const inRedis = (name: string): Settings => {
    const sharedDir = join(home.path, name);
    mkdirSync(sharedDir, { recursive: true });
    return { DAVE_CACHE: 'redis', DAVE_CACHE_REDIS_URL: redis.url.replace('//', `//:${PASSWORD}@`), DAVE_CACHE_REDIS_NAMESPACE: name, DAVE_CACHE_SHARED_DIR: sharedDir };
  };
  const bucket = (name: string): Settings => ({
    ...s3.access.env,
    ...(s3.access.endpoint === undefined ? {} : { DAVE_CACHE_S3_ENDPOINT: s3.access.endpoint }),
    DAVE_CACHE_S3_BUCKET: s3.bucket,
    DAVE_CACHE_S3_PREFIX: `${name}-${process.pid}/`,
  });
  const inS3 = (name: string): Settings => ({ ...bucket(name), DAVE_CACHE: 's3' });
  const inBoth = (name: string): Settings => {
    const { DAVE_CACHE_SHARED_DIR: _none, ...index } = inRedis(name);
    return { ...index, ...bucket(name) };
  };

  const at = (dataDir: string, args: readonly string[], env: Settings): Promise<Ended> => run([...args, '--data-dir', dataDir], { home: home.path, env });
  const json = (ended: Ended): Record<string, unknown> => {
    expect(ended).toMatchObject({ code: 0 });
    return JSON.parse(ended.out) as Record<string, unknown>;
  };

  /** The author's node has the network; what its cache has is forgotten first. */
  const fetchFromNetwork = async (env: Settings): Promise<Ended> => {
    await using cache = await LocalCacheBackend.open({ dir: join(author.dataDir, 'cache') });
    await cache.prune({ maxEntries: 0 });
    return await at(author.dataDir, ['fetch', target, '--json'], env);
  };
  /** A machine with an empty cache that has asked for the tree's name before. */
  const newMachine = (): string => {
    const dataDir = join(home.path, `machine-${++machines}`);
    cpSync(join(author.dataDir, 'publish', 'names'), join(dataDir, 'publish', 'names'), { recursive: true });
    return dataDir;
  };
  const fetchElsewhere = async (env: Settings): Promise<{ dataDir: string; ended: Ended }> => {
    const dataDir = newMachine();
    return { dataDir, ended: await at(dataDir, ['fetch', target, '--json', ...NO_NETWORK], env) };
  };
  const expectOurTree = (fetched: Record<string, unknown>, tier: string): void => {
    expect(fetched).toMatchObject({ source: 'cache', tier, fetched: 0 });
    expect(describeTree(fetched['path'] as string)).toEqual(describeTree(tree));
  };
  /** The settings that a process with this environment has; credentials for S3 are taken over into ours. */
  const configOf = async (env: Settings): ReturnType<typeof loadConfig> => {
    for (const [name, value] of Object.entries(env)) if (name.startsWith('AWS_')) vi.stubEnv(name, value);
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('DAVE_')));
    return await loadConfig({ env: own, flags: { dataDir: join(home.path, `machine-${++machines}`) } });
  };
  /** In this process, as what follows. */
  const open = async (env: Settings, answerMs?: number): ReturnType<typeof openSharedCache> => {
    const config = await configOf(env);
    return await openSharedCache(sharedCacheSettings(config) as SharedCacheSettings, { dir: join(config.dataDir, 'shared-cache'), localLimits: {} }, { signal, ...(answerMs === undefined ? {} : { answerMs }) });
  };
  const openTrees = async (env: Settings, warnings: string[] = []): ReturnType<typeof openTreeStore> => {
    const ignore = (): void => {};
    return await openTreeStore(await configOf(env), { signal, logger: { debug: ignore, info: ignore, warn: (message) => void warnings.push(message), error: ignore } });
  };
  /** As if it had come from the network. */
  const build = async (store: TreeStore, source = tree): Promise<void> => {
    const copy = async (directory: string): Promise<void> => void execFileSync('cp', ['-a', `${source}/.`, directory]);
    await using held = await store.getOrBuild(treeCacheKey(pointer.root, { setId: false }), copy, { description: target, totals: pointer }, signal);
    expect(held.tier).toBe('local');
  };

  test('what one machine fetched another has from Redis and a shared directory, without the network; each tier is looked after by itself', async () => {
    const env = inRedis('fleet');
    expect(json(await fetchFromNetwork(env))).toMatchObject({ source: 'network', tier: 'local' });
    const { dataDir, ended } = await fetchElsewhere(env);
    expectOurTree(json(ended), 'redis');
    expect(json(await at(dataDir, ['cache', 'ls', '--json'], env))).toMatchObject([{ description: target, tiers: ['local', 'redis'] }]);
    // Of this machine alone, unless something else is asked for.
    expect(json(await at(dataDir, ['cache', 'prune', '--max-entries', '0', '--json'], env))).toMatchObject({ evicted: 1 });
    const stats = await at(dataDir, ['cache', 'stats'], env);
    expect(stats.out).toMatch(/^trees {7}0\n[^]*\nshared in {3}redis:\/\/127\.0\.0\.1:\d+ and .*\ntrees {7}1\n/);
    expect(stats.out).not.toContain(PASSWORD);
    expect(json(await at(dataDir, ['cache', 'prune', '--tier', 'shared', '--max-entries', '0', '--json'], env))).toMatchObject({ evicted: 1 });
    await using shared = await open(env);
    expect(await shared.backend.stats()).toMatchObject({ entryCount: 0 });
  });

  test('what one machine fetched another has from S3, without the network', async () => {
    const env = inS3('fleet');
    {
      await using store = await openTrees(env);
      await build(store);
    }
    expectOurTree(json((await fetchElsewhere(env)).ended), 's3');
  });

  test('another tree that somebody put into Redis and S3 under the same key is not taken, and is replaced', async () => {
    const env = inBoth('forged');
    const forged = join(home.path, 'forged');
    execFileSync('cp', ['-a', tree, forged]);
    writeFileSync(join(forged, 'linked'), 'one file with THREE names');
    {
      await using stranger = await openTrees(env);
      await build(stranger, forged);
    }
    const warnings: string[] = [];
    {
      await using store = await openTrees(env, warnings);
      await build(store);
    }
    expect(new Set(warnings)).toEqual(new Set([expect.stringContaining('another tree than it should')]));
    expectOurTree(json((await fetchElsewhere(env)).ended), 'redis');
  });

  test('of what somebody put there only the tree itself is taken, and no rights come with it', async () => {
    const env = inRedis('hostile');
    const program = join(home.path, 'program');
    mkdirSync(program);
    writeFileSync(join(program, 'run'), '#!/bin/sh\n');
    chmodSync(join(program, 'run'), 0o4755);
    const large = join(home.path, 'large');
    mkdirSync(large);
    writeFileSync(join(large, 'file'), new Uint8Array(3_000_000));
    const { root } = await identifyTree(program, signal);
    const keys = { plain: treeCacheKey(root, { setId: false }), setId: treeCacheKey(root, { setId: true }), tree: treeCacheKey(pointer.root, { setId: false }), large: treeCacheKey('A'.repeat(43), { setId: false }) };
    {
      await using shared = await open(env);
      const put = async (key: string, source: string, options: PutOptions = {}): Promise<void> => (await shared.backend.put(key, source, '\u001B[2J', options)).release();
      for (const key of [keys.plain, keys.setId]) await put(key, program);
      await put(keys.tree, tree, { tags: ['entries:999'], ttlMs: 3_600_000 });
      await put(keys.large, large);
    }
    const warnings: string[] = [];
    await using store = await openTrees({ ...env, DAVE_CACHE_CAPACITY: '2MiB' }, warnings);
    expect(await store.get(keys.plain, signal)).toBeUndefined();
    expect(await store.get(keys.large, signal)).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('another tree than it should'), 'the shared cache failed']);
    await using asked = (await store.get(keys.setId, signal))!;
    expect(statSync(join(asked.path, 'run')).mode & 0o7777).toBe(0o4755);
    await using held = (await store.get(keys.tree, signal))!;
    expect([held.tier, held.entries]).toEqual(['redis', undefined]);
    expect(describeTree(held.path)).toEqual(describeTree(tree));
    expect(warnings).toHaveLength(2);
  });

  test('without its servers a machine goes on alone, and says so', async () => {
    const nowhere = await freePort();
    const env = { ...inRedis('gone'), DAVE_CACHE_REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:${nowhere}` };
    const fetched = await fetchFromNetwork(env);
    expect(json(fetched)).toMatchObject({ source: 'network', tier: 'local' });
    expect(fetched.err).toContain('going on without the shared cache');
    expect(fetched.err).not.toContain(PASSWORD);
    // What is here is not asked for there.
    expect(await at(author.dataDir, ['fetch', target, '--json'], env)).toMatchObject({ code: 0, err: '' });
    expect(json(await at(author.dataDir, ['cache', 'stats', '--json'], env))).toMatchObject({ entryCount: 1, shared: null });
    const asked = await at(author.dataDir, ['cache', 'stats', '--tier', 'shared', '--json'], env);
    expect(asked.code).toBe(4);
    expect(errorIn(asked)).toMatchObject({ code: 'APP_CACHE_UNREACHABLE', message: expect.stringContaining(`redis://127.0.0.1:${nowhere} and `) });
  });

  test('what is asked of a shared cache that is not there, or that cannot know, is refused', async () => {
    expect(await at(author.dataDir, ['cache', 'prune', '--tier', 'shared', '--max-entries', '0'], {})).toMatchObject({ code: 2, err: expect.stringContaining('cache: redis') });
    expect(await at(author.dataDir, ['cache', 'prune', '--tier', 'shared', '--min-free', '1GB'], inS3('room'))).toMatchObject({ code: 2, err: expect.stringContaining('--max-size') });
  });

  test('a directory that is not mounted is not made', async () => {
    const sharedDir = join(home.path, 'not-mounted');
    await expect(open({ ...inRedis('unmounted'), DAVE_CACHE_SHARED_DIR: sharedDir })).rejects.toMatchObject({ code: 'APP_CACHE_UNREACHABLE', message: expect.stringContaining('mount it') });
    expect(existsSync(sharedDir)).toBe(false);
  });

  test('servers that say nothing are not waited for longer than agreed', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const { port } = silent.address() as { port: number };
      const inSilence = [
        { ...inRedis('silence'), DAVE_CACHE_REDIS_URL: `redis://127.0.0.1:${port}` },
        { ...inS3('silence'), DAVE_CACHE_S3_ENDPOINT: `http://127.0.0.1:${port}` },
      ];
      for (const env of inSilence) await expect(open(env, 200)).rejects.toMatchObject({ code: 'APP_CACHE_UNREACHABLE', message: expect.stringContaining('no answer within 0.2 s') });
    } finally {
      silent.close();
    }
  });

  test('servers that refuse are told with what to do, and without secrets', async () => {
    const wrongPassword = await at(newMachine(), ['fetch', target, ...NO_NETWORK], { ...inRedis('refused'), DAVE_CACHE_REDIS_URL: redis.url.replace('//', '//:not-the-secret@') });
    expect(wrongPassword).toMatchObject({ code: 2, err: expect.stringContaining('correct user, password and database in cacheRedisUrl') });
    expect(wrongPassword.err).not.toContain('not-the-secret');
    await expect(open({ ...inS3('refused'), AWS_SECRET_ACCESS_KEY: 'not-the-secret' })).rejects.toMatchObject({ code: 'APP_CONFIG', message: expect.stringContaining('refuses this machine') });
    for (const settings of [inS3, inBoth]) {
      const elsewhere = { ...settings('refused'), DAVE_CACHE_S3_BUCKET: 'nowhere-to-be-found' };
      await expect(open(elsewhere)).rejects.toMatchObject({ code: 'APP_CONFIG', message: expect.stringContaining('there is no bucket nowhere-to-be-found') });
    }
  });
});
