import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultDataDir, loadConfig } from '../../src/config/load.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dave-config-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function yaml(text: string): Promise<string> {
  const file = join(directory, 'dave.yaml');
  await writeFile(file, text);
  return file;
}

const load = async (text: string, env: NodeJS.ProcessEnv = {}, flags = {}): ReturnType<typeof loadConfig> =>
  loadConfig({ file: await yaml(text), env: { XDG_DATA_HOME: directory, ...env }, flags });

describe('precedence', () => {
  test('defaults stand where nothing is said', async () => {
    const config = await loadConfig({ env: { XDG_DATA_HOME: '/data' }, flags: {} });
    expect(config).toMatchObject({ listen: '[::]:4127', edges: [], dataDir: '/data/dave', keyFile: '/data/dave/key.dave', capacity: 256 * 1024 * 1024, logLevel: 'info' });
  });

  test('flags over variables over the file', async () => {
    const text = "listen: '127.0.0.1:1'\ncapacity: 1MiB\nlogLevel: error\n";
    const env = { DAVE_LISTEN: '127.0.0.1:2', DAVE_CAPACITY: '2MiB' };
    const config = await load(text, env, { listen: '127.0.0.1:3', capacity: undefined });
    expect(config).toMatchObject({ listen: '127.0.0.1:3', capacity: 2 * 1024 * 1024, logLevel: 'error' });
  });

  test('lists replace each other, they are not joined', async () => {
    const config = await load('edges: [a.example:1, b.example:2]', { DAVE_EDGES: 'c.example:3, d.example:4' });
    expect(config.edges).toEqual(['c.example:3', 'd.example:4']);
  });

  test('what an orchestrator sets for a service of that name is no setting', async () => {
    const env = { DAVE_SERVICE_HOST: '10.0.0.1', DAVE_SERVICE_PORT_DAVE: '1', DAVE_PORT: 'udp://10.0.0.1:1', DAVE_PORT_4127_UDP_ADDR: '10.0.0.1', DAVE_NAME: '/a/dave' };
    expect(await load('', env)).toMatchObject({ listen: '[::]:4127' });
    await expect(load('', { DAVE_PORTS: '1' })).rejects.toThrow(/DAVE_PORTS: no such setting/);
  });

  test('no capacity is a capacity', async () => {
    expect((await load('capacity: 0\n')).capacity).toBe(0);
  });

  test('an empty file is no error', async () => {
    expect((await load('# nothing here\n')).listen).toBe('[::]:4127');
  });
});

describe('refusals say where and what would be right', () => {
  test.each<[string, string, RegExp]>([
    ['an unknown setting', 'listen: "[::]:1"\nedgse: []\n', /dave\.yaml:2:8: unknown setting 'edgse'; did you mean 'edges'\?/],
    ['a value of the wrong kind', 'edges:\n  - a.example:1\n  - 7\n', /dave\.yaml:3:5: edges\.1 = 7: .*string/i],
    ['an edge without a port', 'edges: [seed.example.org]\n', /dave\.yaml:1:9: edges\.0 = "seed\.example\.org": must be host:port/],
    ['a size that is none', 'capacity: lots\n', /dave\.yaml:1:11: capacity = "lots": must be a size of at least 1 MiB, for example 512MiB/],
    ['a size without room for a dat in each shard', 'capacity: 1000\n', /dave\.yaml:1:11: capacity = 1000: must be a size of at least 1 MiB/],
    ['a word that is none', 'logLevel: warm\n', /dave\.yaml:1:11: logLevel = "warm": .*; did you mean 'warn'\?/],
    ['a port without one above it', "listen: '[::]:65535'\n", /dave\.yaml:1:9: listen = .*port from 0 to 65534/],
    ['an edge with a broken key', 'edges: [abc@seed.example.org:1]\n', /must be host:port or <publicKey hex>@host:port/],
    ['a name that objects inherit', '__proto__: { listen: "[::]:1" }\n', /dave\.yaml:1:12: unknown setting '__proto__'/],
    ['a negative size', 'capacity: -1\n', /dave\.yaml:1:11: capacity = -1/],
    ['broken YAML', 'listen: "[::]:1\n', /dave\.yaml:\d+:\d+: /],
    ['a key given twice', 'listen: "a:1"\nlisten: "b:2"\n', /dave\.yaml:2:1: .*unique/],
    ['a shared cache without a server', 'cache: redis\ncacheSharedDir: /mnt/cache\n', /dave\.yaml:1:8: cache = "redis": cacheRedisUrl is missing/],
    ['an index without a place for the bytes', 'cache: redis\ncacheRedisUrl: redis://127.0.0.1\n', /dave\.yaml:1:8: cache = "redis": .*cacheSharedDir.*cacheS3Bucket/],
    ['two places for the bytes', 'cache: redis\nredisUrl: redis://127.0.0.1\ncacheS3Bucket: b\ncacheSharedDir: /mnt/cache\n', /dave\.yaml:4:17: cacheSharedDir = .*either/],
    ['a cache in S3 without a bucket', 'cache: s3\n', /dave\.yaml:1:8: cache = "s3": cacheS3Bucket is missing/],
    ['a shared directory without an index', 'cache: s3\ncacheS3Bucket: b\ncacheSharedDir: /mnt/cache\n', /dave\.yaml:3:17: cacheSharedDir = .*set cache: redis/],
    ['a namespace that leads out of the shared directory', 'cacheRedisNamespace: ..\n', /dave\.yaml:1:22: cacheRedisNamespace/],
    ['an endpoint with credentials, which are not shown', 'cacheS3Endpoint: http://me:secret@127.0.0.1:9000\n', /cacheS3Endpoint = "http:\/\/127\.0\.0\.1:9000": must be .* without credentials/],
    ['a password that is not escaped', "redisUrl: 'redis://:pa#ss@127.0.0.1'\n", /redisUrl = "redis:\/\/127\.0\.0\.1": must be redis:.*%23/],
    ['a password of broken escapes', "redisUrl: 'redis://:%zz@127.0.0.1'\n", /redisUrl = "redis:\/\/127\.0\.0\.1": must be redis:/],
    ['a database that is no number', 'cacheRedisUrl: redis://:secret@127.0.0.1/zz\n', /cacheRedisUrl = "redis:\/\/127\.0\.0\.1\/zz": must be redis:/],
    ['a password in a query', 'redisUrl: redis://127.0.0.1?password=secret\n', /redisUrl = "redis:\/\/127\.0\.0\.1": must be redis:/],
    ['an endpoint that is no URL', "cacheS3Endpoint: 'http://[zz'\n", /cacheS3Endpoint = "http:\/\/\[zz": must be http:/],
    ['a server of another kind, whose password is not shown', 'redisUrl: http://me:secret@127.0.0.1\n', /redisUrl = "http:\/\/127\.0\.0\.1": must be redis:/],
    ['a list instead of a mapping', '- a\n', /a configuration is a mapping/],
  ])('%s', async (_what, text, message) => {
    await expect(load(text)).rejects.toMatchObject({ code: 'APP_CONFIG', message: expect.stringMatching(message) });
  });

  test('an unknown variable', async () => {
    await expect(load('', { DAVE_EDGE: 'a:1' })).rejects.toMatchObject({ code: 'APP_CONFIG', message: 'DAVE_EDGE: no such setting; did you mean DAVE_EDGES?' });
  });

  test('a bad flag names the flag', async () => {
    await expect(load('', {}, { logLevel: 'loud' })).rejects.toMatchObject({ code: 'APP_CONFIG', message: expect.stringMatching(/^--log-level: logLevel = "loud": /) });
  });

  test('a file that is not there', async () => {
    await expect(loadConfig({ file: join(directory, 'none.yaml'), env: {}, flags: {} })).rejects.toMatchObject({ code: 'APP_CONFIG' });
  });
});

test.runIf(process.platform !== 'win32')('the data directory follows XDG', () => {
  expect(defaultDataDir({ XDG_DATA_HOME: '/x' })).toBe('/x/dave');
  expect(defaultDataDir({})).toMatch(/\.local\/share\/dave$/);
});
